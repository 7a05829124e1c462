// Loaded before the gate. It waits for JVMs that start, and a machine of few cores has nothing to spare for that: they go first.
import { constants, setPriority } from "node:os";

setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
