import { StatementError, beyond } from "./errors.mjs";

/**
 * The part of ksqlDB's SQL that the stand-in reads, and how the server writes statements back:
 *
 *     CREATE STREAM s (c type [KEY], …) WITH (…);       types STRING, INT, BIGINT, DOUBLE, BOOLEAN
 *     CREATE STREAM s [WITH (…)] AS SELECT … EMIT CHANGES;
 *     SELECT * | c [AS a], … FROM s [WHERE c op literal [AND …]] [EMIT CHANGES] [LIMIT n];
 *     INSERT INTO s [(c, …)] VALUES (literal, …);
 *     SHOW | LIST STREAMS | TABLES | TOPICS | QUERIES | PROPERTIES;    DESCRIBE s;
 *     TERMINATE q;    DROP STREAM | TABLE [IF EXISTS] s [DELETE TOPIC];
 *
 * @typedef {"STRING" | "INTEGER" | "BIGINT" | "DOUBLE" | "BOOLEAN"} Type
 * @typedef {string | number | boolean | null} Value
 * @typedef {{ readonly name: string, readonly type: Type, readonly key: boolean }} Column
 * @typedef {"=" | "<>" | "<" | "<=" | ">" | ">="} Operator
 * @typedef {{ readonly column: string, readonly operator: Operator, readonly value: Value }} Condition
 * @typedef {Readonly<Record<string, string | number>>} With by upper-case names
 *
 * @typedef {object} Select
 * @property {"select"} kind
 * @property {readonly { readonly column: string, readonly alias: string }[] | undefined} items undefined: all
 * @property {string} from
 * @property {readonly Condition[]} where of which all must hold
 * @property {boolean} emit
 * @property {number | undefined} limit
 *
 * @typedef {{ readonly kind: "show", readonly what: string }} Show
 * @typedef {{ readonly kind: "describe", readonly name: string }} Describe
 * @typedef {{ readonly kind: "create", readonly name: string, readonly columns: readonly Column[], readonly options: With }} Create
 * @typedef {{ readonly kind: "create-as", readonly name: string, readonly options: With, readonly select: Select }} CreateAs
 * @typedef {{ readonly kind: "insert", readonly name: string, readonly columns: readonly string[] | undefined, readonly values: readonly Value[] }} Insert
 * @typedef {{ readonly kind: "terminate", readonly query: string }} Terminate
 * @typedef {{ readonly kind: "drop", readonly type: "STREAM" | "TABLE", readonly name: string, readonly ifExists: boolean, readonly deleteTopic: boolean }} Drop
 * @typedef {Show | Describe | Create | CreateAs | Insert | Select | Terminate | Drop} Meaning
 * @typedef {{ readonly text: string, readonly meaning: Meaning }} Statement
 *
 * @typedef {"word" | "quoted" | "string" | "number" | "symbol" | "end"} TokenKind
 * @typedef {object} Token
 * @property {TokenKind} kind
 * @property {string} text as it stands there
 * @property {number} start
 * @property {number} end
 */

const TOKEN =
  /(?<space>\s+|--[^\n]*)|(?<string>'(?:[^']|'')*')|(?<quoted>`[^`]+`)|(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<symbol><=|>=|<>|!=|[^\s])/y;
const FIRST_WORDS = [
  ...["SELECT", "CREATE", "INSERT", "DESCRIBE", "PRINT", "EXPLAIN", "SHOW", "LIST", "TERMINATE"],
  ...["DROP", "SET", "DEFINE", "UNDEFINE", "UNSET", "ALTER"],
];
/** @type {Readonly<Record<string, Type>>} */
const TYPES = {
  ...{ STRING: "STRING", VARCHAR: "STRING", INT: "INTEGER", INTEGER: "INTEGER" },
  ...{ BIGINT: "BIGINT", DOUBLE: "DOUBLE", BOOLEAN: "BOOLEAN" },
};
const SHOWN = ["STREAMS", "TABLES", "TOPICS", "QUERIES", "PROPERTIES"];
/** What may stand in WITH, and whether as a number. */
const OPTIONS = new Map([
  ["KAFKA_TOPIC", false],
  ["VALUE_FORMAT", false],
  ["KEY_FORMAT", false],
  ["PARTITIONS", true],
  ["REPLICAS", true],
]);
const OPERATORS = ["=", "<>", "!=", "<", "<=", ">", ">="];

/**
 * @param {string} text of any number of statements
 * @returns {Statement[]}
 * @throws {StatementError}
 */
export function parse(text) {
  const reader = new Reader(text);
  /** @type {Statement[]} */
  const statements = [];
  while (reader.peek().kind !== "end") statements.push(reader.statement());
  return statements;
}

class Reader {
  /** @type {Token[]} */
  #tokens;
  #at = 0;
  #from = 0;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.#tokens = tokensOf(text);
  }

  /** @returns {Token} */
  peek() {
    const { length } = this.text;
    return this.#tokens[this.#at] ?? { kind: "end", text: "<EOF>", start: length, end: length };
  }

  /** @returns {Statement} */
  statement() {
    this.#from = this.peek().start;
    const meaning = this.#meaning();
    const end = this.peek();
    if (end.text !== ";") {
      throw this.#wrong(end.kind === "end" ? "missing ';' at '<EOF>'" : this.#unexpected());
    }
    this.#at += 1;
    return { text: this.text.slice(this.#from, end.end), meaning };
  }

  /** @returns {Meaning} */
  #meaning() {
    const first = this.peek();
    switch (first.text.toUpperCase()) {
      case "SHOW":
      case "LIST":
        this.#at += 1;
        return this.#show();
      case "DESCRIBE":
        this.#at += 1;
        return { kind: "describe", name: this.#name() };
      case "CREATE":
        this.#at += 1;
        return this.#create();
      case "INSERT":
        this.#at += 1;
        return this.#insert();
      case "SELECT":
        this.#at += 1;
        return this.#select();
      case "TERMINATE":
        this.#at += 1;
        if (this.#takes("ALL")) throw this.#unknown("TERMINATE ALL");
        return { kind: "terminate", query: this.#name() };
      case "DROP":
        this.#at += 1;
        return this.#drop();
    }
    if (FIRST_WORDS.includes(first.text.toUpperCase())) throw this.#unknown(first.text);
    const expected = ["<EOF>", ...FIRST_WORDS.map((word) => `'${word}'`)].join(", ");
    throw this.#wrong(`mismatched input '${first.text}' expecting {${expected}}`);
  }

  /** @returns {Show} */
  #show() {
    const what = this.peek().text.toUpperCase();
    if (!SHOWN.includes(what)) throw this.#unknown(`SHOW ${what}`);
    this.#at += 1;
    return { kind: "show", what };
  }

  /** @returns {Create | CreateAs} */
  #create() {
    if (!this.#takes("STREAM")) throw this.#unknown(`CREATE ${this.peek().text}`);
    const name = this.#name();
    /** @type {Column[] | undefined} */
    let columns;
    if (this.#takes("(")) {
      columns = this.#list(() => this.#column());
      if (columns.slice(1).some(({ key }) => key) || columns.some(badKey)) {
        throw this.#unknown("a key other than the first column, of type STRING");
      }
    }
    const options = this.#takes("WITH") ? this.#options() : {};
    if (this.#takes("AS")) {
      if (columns !== undefined) throw this.#unknown("columns beside AS SELECT");
      this.#demand("SELECT");
      return { kind: "create-as", name, options, select: this.#select() };
    }
    if (columns === undefined) throw this.#unknown("CREATE STREAM without columns");
    return { kind: "create", name, columns, options };
  }

  /** @returns {Column} */
  #column() {
    const name = this.#name();
    const token = this.#next();
    const type = TYPES[token.text.toUpperCase()];
    if (type === undefined) throw this.#unknown(`the type ${token.text}`);
    return { name, type, key: this.#takes("KEY") };
  }

  /** @returns {With} */
  #options() {
    this.#demand("(");
    const options = this.#list(() => {
      const name = this.#name();
      const isNumber = OPTIONS.get(name);
      if (isNumber === undefined) throw this.#unknown(`${name} in WITH`);
      this.#demand("=");
      const value = this.#literal();
      if (typeof value !== (isNumber ? "number" : "string"))
        throw this.#unknown(`${name}=${value}`);
      return /** @type {const} */ ([name, /** @type {string | number} */ (value)]);
    });
    return Object.fromEntries(options);
  }

  /** @returns {Insert} */
  #insert() {
    this.#demand("INTO");
    const name = this.#name();
    const columns = this.#takes("(") ? this.#list(() => this.#name()) : undefined;
    this.#demand("VALUES");
    this.#demand("(");
    return { kind: "insert", name, columns, values: this.#list(() => this.#literal()) };
  }

  /** @returns {Select} */
  #select() {
    const items = this.#takes("*") ? undefined : this.#items();
    this.#demand("FROM");
    const from = this.#name();
    const where = this.#takes("WHERE") ? this.#conditions() : [];
    const emit = this.#takes("EMIT");
    if (emit) this.#demand("CHANGES");
    let limit;
    if (this.#takes("LIMIT")) {
      const token = this.#next();
      if (!/^\d+$/.test(token.text)) throw this.#unknown(`LIMIT ${token.text}`);
      limit = Number(token.text);
    }
    return { kind: "select", items, from, where, emit, limit };
  }

  #items() {
    const items = [];
    do {
      const column = this.#name();
      items.push({ column, alias: this.#takes("AS") ? this.#name() : column });
    } while (this.#takes(","));
    return items;
  }

  /** @returns {Condition[]} */
  #conditions() {
    const conditions = [];
    do {
      const column = this.#name();
      const token = this.#next();
      if (!OPERATORS.includes(token.text)) throw this.#unknown(`"${token.text}" in WHERE`);
      const operator = /** @type {Operator} */ (token.text === "!=" ? "<>" : token.text);
      conditions.push({ column, operator, value: this.#literal() });
    } while (this.#takes("AND"));
    return conditions;
  }

  /** @returns {Drop} */
  #drop() {
    const type = this.#takes("STREAM") ? "STREAM" : "TABLE";
    if (type === "TABLE" && !this.#takes("TABLE")) throw this.#unknown(`DROP ${this.peek().text}`);
    const ifExists = this.#takes("IF");
    if (ifExists) this.#demand("EXISTS");
    const name = this.#name();
    const deleteTopic = this.#takes("DELETE");
    if (deleteTopic) this.#demand("TOPIC");
    return { kind: "drop", type, name, ifExists, deleteTopic };
  }

  /** @returns {Value} */
  #literal() {
    const negative = this.#takes("-");
    const token = this.#next();
    if (token.kind === "number") return Number(token.text) * (negative ? -1 : 1);
    if (!negative) {
      if (token.kind === "string") return token.text.slice(1, -1).replaceAll("''", "'");
      const word = token.text.toUpperCase();
      if (word === "TRUE" || word === "FALSE") return word === "TRUE";
      if (word === "NULL") return null;
    }
    throw this.#unknown(`the expression "${token.text}"`);
  }

  /** @returns {string} in upper case unless it is quoted */
  #name() {
    const token = this.#next();
    if (token.kind === "quoted") return token.text.slice(1, -1);
    if (token.kind === "word") return token.text.toUpperCase();
    this.#at -= 1;
    throw this.#wrong(this.#unexpected());
  }

  /**
   * @template T
   * @param {() => T} item
   * @returns {T[]}
   */
  #list(item) {
    const items = [];
    do items.push(item());
    while (this.#takes(","));
    this.#demand(")");
    return items;
  }

  /** @param {string} word */
  #takes(word) {
    const { kind, text } = this.peek();
    const found = (kind === "word" || kind === "symbol") && text.toUpperCase() === word;
    if (found) this.#at += 1;
    return found;
  }

  /** @param {string} word */
  #demand(word) {
    if (!this.#takes(word)) throw this.#wrong(this.#unexpected());
  }

  #next() {
    const token = this.peek();
    if (token.kind === "end") throw this.#wrong(this.#unexpected());
    this.#at += 1;
    return token;
  }

  #unexpected() {
    return `mismatched input '${this.peek().text}' (${beyond("all that the real one would expect here")})`;
  }

  /** @param {string} what */
  #unknown(what) {
    return this.#wrong(beyond(what));
  }

  /** @param {string} message */
  #wrong(message) {
    const { start } = this.peek();
    const lines = this.text.slice(0, start).split("\n");
    const place = `line ${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
    const [statement = ""] = this.text.slice(this.#from).split(/(?<=;)/, 1);
    return new StatementError(`${place}: ${message}`, statement);
  }
}

/** @param {Column} column */
function badKey({ key, type }) {
  return key && type !== "STRING";
}

/** @param {string} text */
function tokensOf(text) {
  /** @type {Token[]} */
  const tokens = [];
  for (const { 0: found, index, groups } of text.matchAll(new RegExp(TOKEN, "yg"))) {
    const kind = Object.entries(groups ?? {}).find(([, value]) => value !== undefined)?.[0];
    if (kind === "space") continue;
    tokens.push({
      kind: /** @type {TokenKind} */ (kind),
      ...{ text: found, start: index, end: index + found.length },
    });
  }
  return tokens;
}

/**
 * A statement as the server writes it back.
 *
 * @param {string} name
 * @param {readonly Column[]} columns
 * @param {With} options
 */
export function writtenCreate(name, columns, options) {
  const listed = columns.map(
    (column) => `${column.name} ${column.type}${column.key ? " KEY" : ""}`,
  );
  return `CREATE STREAM ${name} (${listed.join(", ")}) ${writtenOptions(options)};`;
}

/**
 * @param {string} name
 * @param {With} options
 * @param {Select} select
 */
export function writtenCreateAs(name, options, { items, from, where }) {
  const shown =
    items === undefined
      ? " *"
      : items.map(({ column, alias }) => `\n  ${from}.${column} ${alias}`).join(",");
  const conditions = where.map(
    ({ column, operator, value }) => `(${from}.${column} ${operator} ${writtenValue(value)})`,
  );
  const filter =
    conditions.length === 0
      ? ""
      : `WHERE ${conditions.reduce((left, right) => `(${left} AND ${right})`)}\n`;
  const selected = `SELECT${shown}\nFROM ${from} ${from}\n${filter}EMIT CHANGES`;
  return `CREATE STREAM ${name} ${writtenOptions(options)} AS ${selected};`;
}

/** @param {With} options */
function writtenOptions(options) {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return `WITH (${sorted.map(([name, value]) => `${name}=${writtenValue(value)}`).join(", ")})`;
}

/** @param {Value} value */
function writtenValue(value) {
  return typeof value === "string"
    ? `'${value.replaceAll("'", "''")}'`
    : String(value).toUpperCase();
}
