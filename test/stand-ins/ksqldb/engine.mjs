import { randomInt, randomUUID } from "node:crypto";
import { KsqlError, StatementError, beyond, notKnown } from "./errors.mjs";
import { isKnownProperty, propertiesWith } from "./properties.mjs";
import { coerced, Misfit, passes, recordOf, rowOf } from "./rows.mjs";
import { parse, writtenCreate, writtenCreateAs } from "./sql.mjs";

/**
 * What ksqlDB does with statements: sources, queries, and the command topic that holds them.
 *
 * @typedef {import("./rows.mjs").Row} Row
 * @typedef {import("./rows.mjs").KafkaRecord} KafkaRecord
 * @typedef {import("./sql.mjs").Column} Column
 * @typedef {import("./sql.mjs").Select} Select
 * @typedef {import("./sql.mjs").Statement} Statement
 * @typedef {import("./sql.mjs").With} With
 * @typedef {Readonly<Record<string, unknown>>} Properties
 * @typedef {Readonly<Record<string, unknown>>} Entity a part of an answer
 * @typedef {{ readonly name: string, readonly replicas: readonly number[] }} Topic how many of each partition
 * @typedef {{ stop(how?: { readonly forGood: boolean }): Promise<void> }} Following for good unless it is to go on later
 *
 * @typedef {object} Follow
 * @property {string} group
 * @property {boolean} fromBeginning where the group has read nothing yet
 * @property {(record: KafkaRecord) => Promise<void>} take
 *
 * @typedef {object} Cluster Kafka, as the engine needs it
 * @property {() => Promise<readonly Topic[]>} topics
 * @property {(name: string, partitions: number, replicas: number) => Promise<void>} createTopic throws `TooFewBrokers`
 * @property {(name: string) => Promise<void>} deleteTopic
 * @property {(topic: string, record: KafkaRecord) => Promise<void>} produce
 * @property {(topic: string, follow: Follow) => Following} follow
 * @property {(command: Command) => Promise<number>} append to the command topic; gives the offset, throws `CommandTimeout`
 * @property {() => Promise<boolean>} isHealthy
 *
 * @typedef {object} Command
 * @property {string} id
 * @property {string} statement as it was given
 * @property {string} written as the server writes it
 * @property {Properties} properties
 *
 * @typedef {object} Source
 * @property {"STREAM" | "TABLE"} type
 * @property {string} name
 * @property {string} topic
 * @property {string} valueFormat
 * @property {readonly Column[]} columns
 * @property {string} statement
 * @property {readonly string[]} [readsFrom] sources
 *
 * @typedef {object} Query
 * @property {string} id
 * @property {string} statement
 * @property {string} sink
 * @property {string} topic
 * @property {string} source
 * @property {Following} following
 *
 * @typedef {{ readonly id: string, readonly columns: readonly Column[], stop(): Promise<void> }} Push
 */

/** The cluster has fewer brokers than a topic's replicas. */
export class TooFewBrokers extends Error {}
/** A statement did not reach the command topic. */
export class CommandTimeout extends Error {}

/** Topics that the server shows to nobody. */
const HIDDEN =
  /^(_confluent.*|__confluent.*|_schemas|__consumer_offsets|__transaction_state|connect-(configs|offsets|status|statuses))$/;
const RESET = "auto.offset.reset";
const RESETS = ["latest", "earliest", "none"];
const PROCESSING_LOG = "KSQL_PROCESSING_LOG";

const MISSING_WHERE = `Missing WHERE clause.  See https://cnfl.io/queries for more info.
Add EMIT CHANGES if you intended to issue a push query.
Pull queries require a WHERE clause that:
 - includes a key equality expression, e.g. \`SELECT * FROM X WHERE <key-column>=Y;\`.
 - in the case of a multi-column key, is a conjunction of equality expressions that cover all key columns.

If more flexible queries are needed, table scans can be enabled by setting ksql.query.pull.table.scan.enabled=true.`;
const NO_TRANSACTIONS = `Timeout while initializing transaction to the KSQL command topic.
If you're running a single Kafka broker, ensure that the following configs are set to 1 on the broker:
- transaction.state.log.replication.factor
- transaction.state.log.min.isr
- offsets.topic.replication.factor`;

export class Engine {
  /** @type {Map<string, Source>} */
  #sources = new Map();
  /** @type {Map<string, Query>} */
  #queries = new Map();
  /** One statement at a time changes something. */
  #turn = Promise.resolve();
  #runnerIsDead = false;

  /**
   * @param {Cluster} cluster
   * @param {object} settings
   * @param {string} settings.serviceId
   * @param {ReadonlyMap<string, string>} settings.properties
   * @param {number} settings.runnerDiesMs how long a statement may wait for the brokers until nothing but a restart helps
   * @param {(line: string) => void} [log]
   */
  constructor(cluster, settings, log = () => {}) {
    this.cluster = cluster;
    this.settings = settings;
    this.log = log;
  }

  get processingLogTopic() {
    return `${this.settings.serviceId}ksql_processing_log`;
  }

  /** The stream over the server's own log, where it is asked for. */
  addProcessingLog() {
    const topic = this.processingLogTopic;
    this.add({
      ...{ type: "STREAM", name: PROCESSING_LOG, topic, valueFormat: "JSON" },
      columns: [{ name: "LEVEL", type: "STRING", key: false }],
      statement: beyond("the statement of its own log"),
    });
  }

  /**
   * A source that is there without a statement of this stand-in's.
   *
   * @param {Source} source
   * @param {string} [query] that fills it
   */
  add(source, query) {
    this.#sources.set(source.name, source);
    const { name, topic, statement, readsFrom: [from] = [] } = source;
    if (query === undefined || from === undefined) return;
    const following = { stop: async () => {} };
    this.#queries.set(query, { id: query, statement, sink: name, topic, source: from, following });
  }

  /** @returns {Promise<Entity>} */
  async health() {
    const kafka = await this.cluster.isHealthy();
    const commandRunner = kafka && !this.#runnerIsDead;
    return {
      isHealthy: kafka && commandRunner,
      details: {
        metastore: { isHealthy: true },
        kafka: { isHealthy: kafka },
        commandRunner: { isHealthy: commandRunner },
      },
    };
  }

  /**
   * What was in the command topic when the server started.
   *
   * @param {number} offset
   * @param {Command} command
   */
  restore(offset, { id, statement, written, properties }) {
    const [parsed] = parse(statement);
    if (parsed === undefined) return;
    this.#apply(parsed, written, offset, properties).catch((error) =>
      this.log(`WARN ${id} could not be restored: ${error}`),
    );
  }

  /** Ends the persistent queries; they go on where they were after the next start. */
  async stop() {
    await Promise.all(
      [...this.#queries.values()].map(({ following }) => following.stop({ forGood: false })),
    );
  }

  /**
   * @param {string} text
   * @param {Properties} properties
   * @returns {Promise<Entity[]>}
   */
  async execute(text, properties) {
    checkProperties(properties);
    /** @type {Entity[]} */
    const entities = [];
    for (const statement of parse(text)) {
      try {
        entities.push(...(await this.#execute(statement, properties)));
      } catch (error) {
        if (!(error instanceof StatementError) || entities.length === 0) throw error;
        const { message, statementText, status, code } = error;
        throw new StatementError(message, statementText, { status, code, entities });
      }
    }
    return entities;
  }

  /**
   * @param {Statement} statement
   * @param {Properties} properties
   * @returns {Promise<Entity[]>}
   */
  async #execute({ text, meaning }, properties) {
    switch (meaning.kind) {
      case "show":
        return [{ ...(await this.#show(meaning.what, text)), warnings: [] }];
      case "describe":
        return [await this.#describe(meaning.name, text)];
      case "select": {
        const message =
          "The following statement types should be issued to the websocket endpoint '/query':\n\t* PRINT\n\t* SELECT";
        throw new StatementError(message, text, { code: 40002 });
      }
      case "insert":
        await this.#insert(meaning, text);
        return [];
    }
    const turn = this.#turn.then(() => this.#change({ text, meaning }, properties));
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return [await turn];
  }

  /**
   * @param {string} what
   * @param {string} statementText
   * @returns {Promise<Entity>}
   */
  async #show(what, statementText) {
    switch (what) {
      case "STREAMS":
      case "TABLES": {
        const type = what.slice(0, -1);
        const found = [...this.#sources.values()]
          .filter((source) => source.type === type)
          .map(({ name, topic, valueFormat }) => ({
            ...{ type, name, topic, keyFormat: "KAFKA", valueFormat, isWindowed: false },
          }));
        const key = what.toLowerCase();
        return { "@type": key, statementText, [key]: found };
      }
      case "TOPICS": {
        const topics = (await this.cluster.topics())
          .filter(({ name }) => !HIDDEN.test(name))
          .sort((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name, replicas }) => ({ name, replicaInfo: replicas }));
        return { "@type": "kafka_topics", statementText, topics };
      }
      case "QUERIES": {
        const queries = [...this.#queries.values()].map(shownQuery);
        return { "@type": "queries", statementText, queries };
      }
      default: {
        const { properties, defaults } = propertiesWith(this.settings.properties);
        const overwritten = { overwrittenProperties: [], defaultProperties: defaults };
        return { "@type": "properties", statementText, properties, ...overwritten };
      }
    }
  }

  /**
   * @param {string} name
   * @param {string} statementText
   * @returns {Promise<Entity>}
   */
  async #describe(name, statementText) {
    const source = this.#sources.get(name);
    if (source === undefined) {
      const message = `Could not find STREAM/TABLE '${name}' in the Metastore`;
      throw new StatementError(message, statementText);
    }
    const topic = (await this.cluster.topics()).find((found) => found.name === source.topic);
    const queries = [...this.#queries.values()];
    const sourceDescription = {
      ...{ name, windowType: null },
      readQueries: queries.filter((query) => query.source === name).map(shownQuery),
      writeQueries: queries.filter(({ sink }) => sink === name).map(shownQuery),
      fields: source.columns.map((column) => ({
        name: column.name,
        schema: { type: column.type, fields: null, memberSchema: null },
        ...(column.key ? { type: "KEY" } : {}),
      })),
      ...{ type: source.type, timestamp: "", statistics: "", errorStats: "", extended: false },
      ...{ keyFormat: "KAFKA", valueFormat: source.valueFormat, topic: source.topic },
      partitions: topic?.replicas.length ?? 0,
      replication: topic?.replicas[0] ?? 0,
      ...{ statement: source.statement, queryOffsetSummaries: [] },
      sourceConstraints: this.#readersOf(name).toReversed(),
      // The real server counts what its queries have read.
      ...{ clusterStatistics: [], clusterErrorStats: [] },
    };
    return { "@type": "sourceDescription", statementText, sourceDescription, warnings: [] };
  }

  /** @param {string} name */
  #readersOf(name) {
    return [...this.#sources.values()]
      .filter(({ readsFrom = [] }) => readsFrom.includes(name))
      .map((reader) => reader.name);
  }

  /**
   * @param {import("./sql.mjs").Insert} insert
   * @param {string} text
   */
  async #insert({ name, columns, values }, text) {
    const source = this.#sources.get(name);
    if (source === undefined) {
      const message = `Cannot insert values into an unknown stream/table: \`${name}\``;
      throw new KsqlError(400, 40000, message);
    }
    /** @param {string} why */
    const failed = (why) =>
      new StatementError(`Failed to insert values into '${name}'. ${why}`, text);
    const named = columns ?? source.columns.map((column) => column.name);
    for (const column of named) {
      if (!source.columns.some((known) => known.name === column)) {
        throw failed(`Column name \`${column}\` does not exist.`);
      }
    }
    if (source.type === "TABLE") throw failed(beyond("how rows are inserted into a table"));
    if (named.length !== values.length) {
      throw failed("Expected number and order of columns and values to match.");
    }
    const row = source.columns.map((column) => {
      try {
        return coerced(column, values[named.indexOf(column.name)] ?? null);
      } catch (error) {
        throw error instanceof Misfit ? failed(error.message) : error;
      }
    });
    await this.cluster.produce(source.topic, recordOf(source.columns, row));
  }

  /**
   * A statement that goes through the command topic.
   *
   * @param {Statement} statement
   * @param {Properties} properties
   * @returns {Promise<Entity>}
   */
  async #change(statement, properties) {
    const dies = setTimeout(() => {
      this.#runnerIsDead = true;
      this.log("ERROR the command runner has ended; only a restart helps");
    }, this.settings.runnerDiesMs);
    let prepared;
    let offset;
    try {
      prepared = await this.#prepared(statement);
      const { command: id, written } = prepared;
      offset = await this.cluster.append({ id, statement: statement.text, written, properties });
    } catch (error) {
      if (!(error instanceof CommandTimeout)) throw error;
      const message = `${NO_TRANSACTIONS}\nCaused by: ${error.message}`;
      throw new StatementError(message, statement.text, { status: 500, code: 50000 });
    } finally {
      clearTimeout(dies);
    }
    const { command, written, nothing } = prepared;
    const commandStatus = this.#runnerIsDead
      ? { status: "QUEUED", message: "Statement written to command topic", queryId: null }
      : {
          status: "SUCCESS",
          ...(nothing ?? (await this.#apply(statement, written, offset, properties))),
        };
    return {
      ...{ "@type": "currentStatus", statementText: written, commandId: command },
      ...{ commandStatus, commandSequenceNumber: offset, warnings: [] },
    };
  }

  /**
   * What must hold before a statement is written, and the topics that it needs.
   *
   * @param {Statement} statement
   * @returns {Promise<{ readonly command: string, readonly written: string, readonly nothing?: { readonly message: string, readonly queryId: null } }>}
   */
  async #prepared({ text, meaning }) {
    switch (meaning.kind) {
      case "create": {
        const { name, columns, options } = meaning;
        this.#checkFormats(options, text);
        const {
          KAFKA_TOPIC: topic = name,
          PARTITIONS: partitions,
          REPLICAS: replicas = 1,
        } = options;
        const full = {
          ...options,
          ...{ KAFKA_TOPIC: topic, KEY_FORMAT: "KAFKA", VALUE_FORMAT: "JSON" },
        };
        if (!(await this.#hasTopic(String(topic)))) {
          if (partitions === undefined) {
            const example = writtenCreate(name, columns, { ...full, PARTITIONS: 2, REPLICAS: 1 });
            throw new KsqlError(
              400,
              40000,
              `Topic '${topic}' does not exist. If you want to create a new topic for the stream/table please re-run the statement providing the required 'PARTITIONS' configuration in the WITH clause (and optionally 'REPLICAS'). For example: ${example}`,
            );
          }
          await this.#createTopic(String(topic), Number(partitions), Number(replicas), text);
        }
        const written = writtenCreate(name, columns, full);
        this.#checkIsNew(name, written);
        return { command: `stream/\`${name}\`/create`, written };
      }
      case "create-as": {
        const { name, options, select } = meaning;
        this.#checkFormats(options, text);
        const source = this.#sources.get(select.from);
        if (source === undefined) throw new StatementError(`${select.from} does not exist.`, text);
        if (source.type === "TABLE") throw new StatementError(beyond("queries on tables"), text);
        this.#columnsOf(select, text);
        if (!select.emit || select.limit !== undefined) {
          throw new StatementError(beyond("CREATE STREAM AS SELECT other than EMIT CHANGES"), text);
        }
        const topic = String(options.KAFKA_TOPIC ?? name);
        const like = (await this.cluster.topics()).find((found) => found.name === source.topic);
        const partitions = Number(options.PARTITIONS ?? like?.replicas.length ?? 1);
        const replicas = Number(options.REPLICAS ?? like?.replicas[0] ?? 1);
        const full = { KAFKA_TOPIC: topic, PARTITIONS: partitions, REPLICAS: replicas };
        const written = writtenCreateAs(name, { ...options, ...full }, select);
        this.#checkIsNew(name, written);
        if (!(await this.#hasTopic(topic))) {
          await this.#createTopic(topic, partitions, replicas, text);
        }
        return { command: `stream/\`${name}\`/create`, written };
      }
      case "terminate": {
        const { query } = meaning;
        if (!this.#queries.has(query)) throw new StatementError(`Unknown queryId: ${query}`, text);
        return { command: `terminate/${query}/execute`, written: text };
      }
      case "drop": {
        const { name, type, ifExists, deleteTopic } = meaning;
        const command = `${type.toLowerCase()}/${name}/drop`;
        const source = this.#sources.get(name);
        if (source === undefined) {
          if (!ifExists) throw new StatementError(`Source ${name} does not exist.`, text);
          const nothing = { message: `Source \`${name}\` does not exist.`, queryId: null };
          return { command, written: text, nothing };
        }
        if (source.type !== type) {
          const message = `Incompatible data source type is ${source.type}, but statement was DROP ${type}`;
          throw new StatementError(message, text);
        }
        const readers = this.#readersOf(name).sort();
        if (readers.length > 0) {
          const message = `Cannot drop ${name}.\nThe following streams and/or tables read from this source: [${readers.join(", ")}].\nYou need to drop them before dropping ${name}.`;
          throw new StatementError(message, text);
        }
        if (deleteTopic) await this.cluster.deleteTopic(source.topic);
        return { command, written: deleteTopic ? `DROP ${type} ${name};` : text };
      }
      default:
        throw new StatementError(beyond(`how "${meaning.kind}" changes something`), text);
    }
  }

  /**
   * @param {Statement} statement
   * @param {string} written
   * @param {number} offset in the command topic
   * @param {Properties} properties
   * @returns {Promise<{ readonly message: string, readonly queryId: string | null }>}
   */
  async #apply({ meaning }, written, offset, properties) {
    switch (meaning.kind) {
      case "create": {
        const { name, columns, options } = meaning;
        const topic = String(options.KAFKA_TOPIC ?? name);
        this.add({ type: "STREAM", name, topic, valueFormat: "JSON", columns, statement: written });
        return { message: "Stream created", queryId: null };
      }
      case "create-as": {
        const { name, options, select } = meaning;
        const topic = String(options.KAFKA_TOPIC ?? name);
        const columns = this.#columnsOf(select, written);
        // The real server counts the end of the transaction before.
        const id = `CSAS_${name}_${offset - 1}`;
        const source = { name, topic, valueFormat: "JSON", columns, statement: written };
        this.add({ type: "STREAM", ...source, readsFrom: [select.from] });
        const following = this.#run(select, {
          group: `_confluent-ksql-${this.settings.serviceId}query_${id}`,
          fromBeginning: resetOf(properties) === "earliest",
          take: (row) => this.cluster.produce(topic, recordOf(columns, row)),
        });
        const query = { id, statement: written, sink: name, topic, source: select.from, following };
        this.#queries.set(id, query);
        return { message: `Created query with ID ${id}`, queryId: id };
      }
      case "terminate":
        await this.#terminate(meaning.query);
        return { message: "Query terminated.", queryId: null };
      case "drop": {
        const { name } = meaning;
        const topic = this.#sources.get(name)?.topic;
        for (const { id, sink } of [...this.#queries.values()]) {
          if (sink === name) await this.#terminate(id);
        }
        this.#sources.delete(name);
        return { message: `Source \`${name}\` (topic: ${topic}) was dropped.`, queryId: null };
      }
      default:
        throw notKnown(`how "${meaning.kind}" changes something`);
    }
  }

  /** @param {string} id */
  async #terminate(id) {
    const query = this.#queries.get(id);
    this.#queries.delete(id);
    await query?.following.stop();
  }

  /**
   * Runs a push query until it is stopped.
   *
   * @param {string} text
   * @param {Properties} properties
   * @param {"query" | "query-stream"} endpoint errors and ids differ
   * @param {(row: Row) => Promise<void>} take
   * @returns {Promise<Push & { readonly limit: number | undefined }>}
   */
  async push(text, properties, endpoint, take) {
    checkProperties(properties);
    const [statement, ...more] = parse(text);
    if (statement === undefined || more.length > 0) {
      throw new StatementError(beyond("other than one query at a time"), text);
    }
    const { meaning, text: query } = statement;
    if (meaning.kind !== "select") {
      throw new KsqlError(
        400,
        40000,
        "Statement type `io.confluent.ksql.parser.KsqlParser$PreparedStatement' not supported for this resource",
      );
    }
    if (!this.#sources.has(meaning.from)) {
      const what = `${meaning.from} does not exist.`;
      const message = `Exception while preparing statement: ${what}\nStatement: ${query}`;
      throw endpoint === "query"
        ? new StatementError(`${message}\nCaused by: ${what}`, query)
        : new KsqlError(400, 40001, message);
    }
    if (!meaning.emit) {
      throw new StatementError(
        meaning.where.length === 0 ? MISSING_WHERE : beyond("pull queries"),
        query,
      );
    }
    const columns = this.#columnsOf(meaning, query);
    const id =
      endpoint === "query" ? `transient_${meaning.from}_${randomInt(2 ** 47)}` : randomUUID();
    const following = this.#run(meaning, {
      group: `_confluent-ksql-${this.settings.serviceId}${id}`,
      fromBeginning: resetOf(properties) === "earliest",
      take,
    });
    return { id, columns, limit: meaning.limit, stop: () => following.stop() };
  }

  /**
   * @param {Select} select
   * @param {{ readonly group: string, readonly fromBeginning: boolean, readonly take: (row: Row) => Promise<void> }} run
   * @returns {Following}
   */
  #run({ from, items, where }, { group, fromBeginning, take }) {
    const source = this.#source(from);
    const { columns } = source;
    return this.cluster.follow(source.topic, {
      ...{ group, fromBeginning },
      take: async (record) => {
        let row;
        try {
          row = rowOf(columns, record);
        } catch (error) {
          if (!(error instanceof Misfit)) throw error;
          this.log(`ERROR a record of ${source.topic} is skipped: ${error.message}`);
        }
        if (row === undefined || !passes(columns, where, row)) return;
        const all = row;
        await take(
          items === undefined
            ? all
            : items.map(
                (item) => all[columns.findIndex(({ name }) => name === item.column)] ?? null,
              ),
        );
      },
    });
  }

  /**
   * @param {Select} select
   * @param {string} text
   * @returns {readonly Column[]} of the result
   */
  #columnsOf({ from, items, where }, text) {
    const { columns } = this.#source(from);
    /** @param {string} name */
    const find = (name) => {
      const column = columns.find((candidate) => candidate.name === name);
      if (column !== undefined) return column;
      throw new StatementError(`Column '${name}' cannot be resolved.`, text);
    };
    for (const { column } of where) find(column);
    return items === undefined
      ? columns
      : items.map(({ column, alias }) => ({ ...find(column), name: alias }));
  }

  /** @param {string} name */
  #source(name) {
    const source = this.#sources.get(name);
    if (source === undefined) throw new KsqlError(400, 40001, `${name} does not exist.`);
    return source;
  }

  /**
   * @param {With} options
   * @param {string} text
   */
  #checkFormats({ VALUE_FORMAT: value = "JSON", KEY_FORMAT: key = "KAFKA" }, text) {
    if (String(value).toUpperCase() !== "JSON" || String(key).toUpperCase() !== "KAFKA") {
      throw new StatementError(beyond(`the formats ${key} and ${value}`), text);
    }
  }

  /**
   * @param {string} name
   * @param {string} written
   */
  #checkIsNew(name, written) {
    if (!this.#sources.has(name)) return;
    const message = `Cannot add stream '${name}': A stream with the same name already exists`;
    throw new StatementError(message, written);
  }

  /** @param {string} name */
  async #hasTopic(name) {
    return (await this.cluster.topics()).some((topic) => topic.name === name);
  }

  /**
   * @param {string} name
   * @param {number} partitions
   * @param {number} replicas
   * @param {string} text
   */
  async #createTopic(name, partitions, replicas, text) {
    try {
      await this.cluster.createTopic(name, partitions, replicas);
    } catch (error) {
      if (!(error instanceof TooFewBrokers)) throw error;
      const message = `Failed to guarantee existence of topic ${name}\nCaused by: ${error.message}`;
      throw new StatementError(message, text, { status: 500, code: 50000 });
    }
  }
}

/** @param {Query} query */
function shownQuery({ id, statement, sink, topic }) {
  return {
    ...{ queryString: statement, sinks: [sink], sinkKafkaTopics: [topic], id },
    ...{ statusCount: { RUNNING: 1 }, queryType: "PERSISTENT", state: "RUNNING" },
  };
}

/** @param {Properties} properties */
function checkProperties(properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (name.replace(/^ksql\.streams\./, "") === RESET) {
      if (RESETS.includes(String(value))) continue;
      const allowed = RESETS.join(", ");
      const message = `Failed to set '${name}' to '${value}'\nCaused by: Invalid value ${value} for configuration ${RESET}: String\n\tmust be one of: ${allowed}`;
      throw new KsqlError(400, 40000, message);
    }
    if (isKnownProperty(name)) throw notKnown(`what ${name} does to one request`);
    const message = `Failed to set '${name}' to '${value}'\nCaused by: Not recognizable as ksql, streams, consumer, or producer property:\n\t'${name}'`;
    throw new KsqlError(400, 40000, message);
  }
}

/** @param {Properties} properties */
function resetOf(properties) {
  return properties[`ksql.streams.${RESET}`] ?? properties[RESET] ?? "latest";
}
