// Loaded before the gate. It waits for JVMs that start, and a machine of few cores has nothing to spare for that: they go first.
import { constants, getPriority, setPriority } from "node:os";

const { PRIORITY_BELOW_NORMAL } = constants.priority;
// One that is more modest already, as under nice, may not become less so.
if (getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL);
