import { AvroError, parseAvro } from "./avro.mjs";
import { incompatibilities } from "./compatibility.mjs";
import { ApiError } from "../shared/http.mjs";
import { invalidSchema, notKnown, StoreTimeout, subjectNotFound } from "./errors.mjs";

/**
 * A record of the topic `_schemas`, as the real registry writes it; without a value it removes its key.
 *
 * @typedef {object} LogRecord
 * @property {Readonly<Record<string, unknown>>} key
 * @property {Readonly<Record<string, unknown>> | null} value
 *
 * @typedef {object} Log where the records live
 * @property {() => Promise<void>} settled ends when it is known what became of the last record
 * @property {(record: LogRecord) => Promise<void>} append ends when {@link Registry.apply} has had the record
 *
 * @typedef {{ readonly name: string, readonly subject: string, readonly version: number }} Reference
 *
 * @typedef {object} Stored
 * @property {string} subject
 * @property {number} version
 * @property {number} id
 * @property {string} schemaType
 * @property {readonly Reference[]} references
 * @property {string} schema
 * @property {boolean} deleted softly
 *
 * @typedef {object} Candidate a schema in a request
 * @property {string} subject
 * @property {string} text
 * @property {readonly Reference[]} references
 */

export const LEVELS = [
  ...["NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE"],
  ...["FULL", "FULL_TRANSITIVE"],
];
const MODES = ["READWRITE", "READONLY"];
/** Stands for all subjects. */
const GLOBAL = "";

/** What the registry knows, which is what its log says, and what it does with it. */
export class Registry {
  /** @type {Map<string, Map<number, Stored>>} */
  #subjects = new Map();
  /** @type {Map<string, string>} */
  #levels = new Map();
  /** @type {Map<string, string>} */
  #modes = new Map();
  #lastId = 0;
  /** @type {Promise<unknown>} */
  #lastWrite = Promise.resolve();
  /** @type {Log} */
  #log;

  /** @param {{ readonly level: string, readonly log: Log }} options */
  constructor({ level, log }) {
    this.#log = log;
    this.#levels.set(GLOBAL, level);
    this.#modes.set(GLOBAL, "READWRITE");
    this.defaultLevel = level;
  }

  /**
   * Takes in a record of the log.
   *
   * @param {LogRecord} record
   */
  apply({ key, value }) {
    const subject = typeof key["subject"] === "string" ? key["subject"] : GLOBAL;
    switch (key["keytype"]) {
      case "NOOP":
        return;
      case "SCHEMA":
        this.#applySchema(subject, Number(key["version"]), value);
        return;
      case "CONFIG":
        this.#set(this.#levels, subject, value?.["compatibilityLevel"], this.defaultLevel);
        return;
      case "MODE":
        this.#set(this.#modes, subject, value?.["mode"], "READWRITE");
        return;
      case "DELETE_SUBJECT":
        for (const stored of this.#all(subject)) {
          if (stored.version <= Number(value?.["version"])) stored.deleted = true;
        }
        return;
      default:
        throw new Error(`the log holds a record that the stand-in can't read: ${json(key)}`);
    }
  }

  /**
   * @param {string} subject
   * @param {number} version
   * @param {LogRecord["value"]} value
   */
  #applySchema(subject, version, value) {
    const versions = this.#subjects.get(subject) ?? new Map();
    this.#subjects.set(subject, versions);
    if (value === null) {
      versions.delete(version);
      if (versions.size === 0) this.#subjects.delete(subject);
      return;
    }
    const id = Number(value["id"]);
    this.#lastId = Math.max(this.#lastId, id);
    versions.set(version, {
      ...{ subject, version, id },
      schemaType: String(value["schemaType"] ?? "AVRO"),
      references: /** @type {Reference[]} */ (value["references"] ?? []),
      schema: String(value["schema"]),
      deleted: value["deleted"] === true,
    });
  }

  /**
   * @param {Map<string, string>} settings
   * @param {string} subject
   * @param {unknown} value
   * @param {string} globalDefault
   */
  #set(settings, subject, value, globalDefault) {
    if (typeof value === "string") settings.set(subject, value);
    else if (subject === GLOBAL) settings.set(subject, globalDefault);
    else settings.delete(subject);
  }

  /** @param {{ readonly prefix: string, readonly deleted: boolean }} which */
  subjects({ prefix, deleted }) {
    return [...this.#subjects.keys()]
      .filter((subject) => subject.startsWith(prefix))
      .filter((subject) => deleted || this.#live(subject).length > 0)
      .sort();
  }

  /** @param {string} prefix of subjects */
  schemas(prefix) {
    return this.subjects({ prefix, deleted: false }).flatMap((subject) => this.#live(subject));
  }

  /** @param {string} subject */
  versions(subject) {
    const live = this.#live(subject);
    if (live.length === 0) throw subjectNotFound(subject);
    return live.map(({ version }) => version);
  }

  /**
   * @param {string} subject
   * @param {string} version a number or `latest`
   */
  version(subject, version) {
    const wanted = parseVersion(version);
    const live = this.#live(subject);
    if (live.length === 0) throw subjectNotFound(subject);
    const found =
      wanted === "latest" ? live.at(-1) : live.find((stored) => stored.version === wanted);
    if (found === undefined) throw versionNotFound(version);
    return found;
  }

  /** @param {number} id */
  byId(id) {
    const found = this.#everything().find((stored) => stored.id === id);
    if (found === undefined) throw new ApiError(404, 40403, `Schema ${id} not found`);
    return found;
  }

  /**
   * Where a schema is in use, by subject.
   *
   * @param {number} id
   */
  uses(id) {
    this.byId(id);
    return this.#everything()
      .filter((stored) => stored.id === id && !stored.deleted)
      .sort((a, b) => (a.subject < b.subject ? -1 : 1));
  }

  /**
   * Ids of the schemas that refer to a version.
   *
   * @param {string} subject
   * @param {string} version
   */
  referencedBy(subject, version) {
    return this.#referring(this.version(subject, version)).map(({ id }) => id);
  }

  /** @param {Candidate} candidate */
  lookup(candidate) {
    const { subject } = candidate;
    if (this.#live(subject).length === 0) throw subjectNotFound(subject);
    const found = this.#registered(candidate, this.#parse(candidate).text);
    if (found === undefined) throw new ApiError(404, 40403, "Schema not found");
    return found;
  }

  /**
   * @param {Candidate} candidate
   * @returns {Promise<number>} the schema's id
   */
  async register(candidate) {
    const { subject, references } = candidate;
    const parsed = this.#parse(candidate);
    // What is known already needs neither mode nor broker.
    const known = this.#registered(candidate, parsed.text);
    if (known !== undefined) return known.id;
    return this.#write("Register operation timed out", async () => {
      this.#checkMode(subject);
      const raced = this.#registered(candidate, parsed.text);
      if (raced !== undefined) return raced.id;
      if (this.#verdict(subject, parsed.type, this.#live(subject)).length > 0) {
        const message = `Schema being registered is incompatible with an earlier schema for subject "${subject}"`;
        throw new ApiError(409, 409, message);
      }
      const id = this.#everything().find(same(candidate, parsed.text))?.id ?? this.#nextId();
      const version = (this.#all(subject).at(-1)?.version ?? 0) + 1;
      const outdated = this.#all(subject).filter((stored) => stored.deleted && stored.id === id);
      await this.#append(schemaKey(subject, version), {
        ...{ subject, version, id },
        ...(references.length === 0 ? {} : { references }),
        schema: parsed.text,
        deleted: false,
      });
      for (const stored of outdated) await this.#append(schemaKey(subject, stored.version), null);
      return id;
    });
  }

  /**
   * What keeps a schema from being the subject's next; nothing when it can be.
   *
   * @param {Candidate} candidate
   * @param {string} version to compare with
   */
  incompatibilities(candidate, version) {
    const wanted = parseVersion(version);
    const live = this.#live(candidate.subject);
    const previous = live.filter((stored) =>
      wanted === "latest" ? stored === live.at(-1) : stored.version === wanted,
    );
    if (previous.length === 0 && wanted !== "latest") throw versionNotFound(version);
    return this.#verdict(candidate.subject, this.#parse(candidate).type, previous);
  }

  /**
   * @param {string} subject
   * @returns {Promise<number[]>} the versions that were removed
   */
  async deleteSubject(subject) {
    return this.#write("Delete subject operation timed out", async () => {
      const live = this.#live(subject);
      if (live.length === 0) {
        if (this.#all(subject).length === 0) throw subjectNotFound(subject);
        const message = `Subject '${subject}' was soft deleted.Set permanent=true to delete permanently`;
        throw new ApiError(404, 40404, message);
      }
      this.#checkMode(subject);
      for (const stored of live) this.#checkReferences(stored);
      const versions = live.map(({ version }) => version);
      const key = { keytype: "DELETE_SUBJECT", subject, magic: 0 };
      await this.#append(key, { subject, version: versions.at(-1) });
      await this.#forgetSettings(subject);
      return versions;
    });
  }

  /**
   * @param {string} subject which was deleted softly before
   * @returns {Promise<number[]>} the versions that were removed
   */
  async deleteSubjectForGood(subject) {
    return this.#write("Delete subject operation timed out", async () => {
      const all = this.#all(subject);
      if (all.length === 0) throw subjectNotFound(subject);
      this.#checkMode(subject);
      if (this.#live(subject).length > 0) {
        const message = `Subject '${subject}' was not deleted first before being permanently deleted`;
        throw new ApiError(404, 40405, message);
      }
      const versions = all.map(({ version }) => version);
      for (const version of versions) await this.#append(schemaKey(subject, version), null);
      return versions;
    });
  }

  /**
   * @param {string} subject
   * @param {string} version
   */
  async deleteVersion(subject, version) {
    return this.#write("Delete Schema Version operation timed out", async () => {
      const stored = this.version(subject, version);
      this.#checkMode(subject);
      this.#checkReferences(stored);
      const { id, schemaType, references, schema } = stored;
      await this.#append(schemaKey(subject, stored.version), {
        ...{ subject, version: stored.version, id },
        ...(schemaType === "AVRO" ? {} : { schemaType }),
        ...(references.length === 0 ? {} : { references }),
        ...{ schema, deleted: true },
      });
      if (this.#live(subject).length === 0) await this.#forgetSettings(subject);
      return stored.version;
    });
  }

  /**
   * @param {string} subject none: the level of all
   * @param {boolean} [orGlobal] the level of all where the subject has none
   */
  level(subject = GLOBAL, orGlobal = false) {
    const level = this.#levels.get(subject) ?? (orGlobal ? this.#levels.get(GLOBAL) : undefined);
    if (level !== undefined) return level;
    const message = `Subject '${subject}' does not have subject-level compatibility configured`;
    throw new ApiError(404, 40408, message);
  }

  /**
   * @param {string | undefined} subject
   * @param {string} level
   */
  async setLevel(subject, level) {
    const compatibilityLevel = level.toUpperCase();
    if (!LEVELS.includes(compatibilityLevel)) {
      const message =
        "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive";
      throw new ApiError(422, 42203, message);
    }
    await this.#write("Update compatibility operation timed out", () =>
      this.#append(settingKey("CONFIG", subject), { compatibilityLevel }),
    );
  }

  /**
   * @param {string} subject
   * @returns {Promise<string>} the level that it had
   */
  async deleteLevel(subject) {
    return this.#write("Delete compatibility operation timed out", async () => {
      const level = this.level(subject);
      await this.#append(settingKey("CONFIG", subject), null);
      return level;
    });
  }

  /** @param {string} [subject] none: the mode of all */
  mode(subject = GLOBAL) {
    const mode = this.#modes.get(subject);
    if (mode === undefined) throw notKnown("the mode of a subject that has none of its own");
    return mode;
  }

  /**
   * @param {string | undefined} subject
   * @param {string} mode
   */
  async setMode(subject, mode) {
    if (mode === "IMPORT" || mode === "READONLY_OVERRIDE") throw notKnown(`the mode ${mode}`);
    if (!MODES.includes(mode)) {
      const message = "Invalid mode. Valid values are READWRITE, READONLY, and IMPORT.";
      throw new ApiError(422, 42204, message);
    }
    await this.#write("Update mode operation timed out", () =>
      this.#append(settingKey("MODE", subject), { mode }),
    );
  }

  /** @param {string} subject */
  #all(subject) {
    const versions = this.#subjects.get(subject)?.values() ?? [];
    return [...versions].sort((a, b) => a.version - b.version);
  }

  /** @param {string} subject */
  #live(subject) {
    return this.#all(subject).filter((stored) => !stored.deleted);
  }

  #everything() {
    return [...this.#subjects.keys()].flatMap((subject) => this.#all(subject));
  }

  /** An id is used once, even if the write that it was for failed: it may still arrive. */
  #nextId() {
    this.#lastId += 1;
    return this.#lastId;
  }

  /**
   * @param {Candidate} candidate
   * @param {string} canonical
   */
  #registered(candidate, canonical) {
    return this.#live(candidate.subject).find(same(candidate, canonical));
  }

  /** @param {Candidate} candidate */
  #parse({ text, references }) {
    try {
      return parseAvro(text, this.#referred(references));
    } catch (error) {
      if (!(error instanceof AvroError)) throw error;
      const refs = references.map(
        ({ name, subject, version }) =>
          `{name='${name}', subject='${subject}', version=${version}}`,
      );
      throw invalidSchema(`Invalid schema ${text} with refs [${refs.join(", ")}] of type AVRO`);
    }
  }

  /**
   * The schemas referred to, each after those that it refers to itself.
   *
   * @param {readonly Reference[]} references
   * @returns {string[]}
   */
  #referred(references) {
    const schemas = references.flatMap(({ subject, version }) => {
      const stored = this.#live(subject).find((candidate) => candidate.version === version);
      if (stored === undefined) throw new AvroError(`"${subject}" has no version ${version}`);
      return [...this.#referred(stored.references), stored.schema];
    });
    return [...new Set(schemas)];
  }

  /**
   * @param {string} subject
   * @param {import("./avro.mjs").AvroType} type
   * @param {readonly Stored[]} previous oldest first
   * @returns {import("./compatibility.mjs").Incompatibility[]} those with the newest version that does not fit
   */
  #verdict(subject, type, previous) {
    const level = this.level(subject, true);
    if (level === "NONE") return [];
    const newestFirst = previous.toReversed();
    const relevant = level.endsWith("_TRANSITIVE") ? newestFirst : newestFirst.slice(0, 1);
    for (const stored of relevant) {
      if (stored.schemaType !== "AVRO") throw notKnown(`how ${stored.schemaType} becomes AVRO`);
      const earlier = parseAvro(stored.schema, this.#referred(stored.references)).type;
      const found = [
        ...(level.startsWith("FORWARD") ? [] : incompatibilities(type, earlier)),
        ...(level.startsWith("BACKWARD") ? [] : incompatibilities(earlier, type)),
      ];
      if (found.length > 0) return found;
    }
    return [];
  }

  /** @param {string} subject */
  #checkMode(subject) {
    if ((this.#modes.get(subject) ?? this.#modes.get(GLOBAL)) === "READONLY") {
      throw new ApiError(422, 42205, `Subject ${subject} is in read-only mode`);
    }
  }

  /** @param {Stored} stored */
  #referring({ subject, version }) {
    return this.#everything().filter(
      (candidate) =>
        !candidate.deleted &&
        candidate.references.some((to) => to.subject === subject && to.version === version),
    );
  }

  /** @param {Stored} stored */
  #checkReferences(stored) {
    if (this.#referring(stored).length === 0) return;
    const { subject, version } = stored;
    const message = `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}.`;
    throw new ApiError(422, 42206, message);
  }

  /** @param {string} subject */
  async #forgetSettings(subject) {
    if (this.#modes.has(subject)) await this.#append(settingKey("MODE", subject), null);
    if (this.#levels.has(subject)) await this.#append(settingKey("CONFIG", subject), null);
  }

  /**
   * One write at a time, so that each sees what the one before has left.
   *
   * @template T
   * @param {string} onTimeout
   * @param {() => Promise<T>} change
   * @returns {Promise<T>}
   */
  async #write(onTimeout, change) {
    const turn = this.#lastWrite.then(() => this.#log.settled()).then(change);
    this.#lastWrite = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      if (error instanceof StoreTimeout) throw new ApiError(500, 50002, onTimeout);
      throw error;
    }
  }

  /**
   * @param {LogRecord["key"]} key
   * @param {LogRecord["value"]} value
   */
  #append(key, value) {
    return this.#log.append({ key, value });
  }
}

/**
 * @param {string} subject
 * @param {number} version
 */
function schemaKey(subject, version) {
  return { keytype: "SCHEMA", subject, version, magic: 1 };
}

/**
 * @param {"CONFIG" | "MODE"} keytype
 * @param {string | undefined} subject
 */
function settingKey(keytype, subject = GLOBAL) {
  return { keytype, subject: subject === GLOBAL ? null : subject, magic: 0 };
}

/**
 * @param {Candidate} candidate
 * @param {string} canonical
 */
function same({ references }, canonical) {
  /** @param {Stored} stored */
  return (stored) =>
    stored.schemaType === "AVRO" &&
    stored.schema === canonical &&
    json(stored.references) === json(references);
}

/** @param {string} version */
function parseVersion(version) {
  if (version === "latest") return version;
  if (version === "-1") throw notKnown("the version -1");
  const number = /^\d+$/.test(version) ? Number(version) : 0;
  if (number >= 1 && number <= 2 ** 31 - 1) return number;
  const message = `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`;
  throw new ApiError(422, 42202, message);
}

/** @param {string} version */
function versionNotFound(version) {
  return new ApiError(404, 40402, `Version ${version} not found.`);
}

/** @param {unknown} value */
function json(value) {
  return JSON.stringify(value);
}
