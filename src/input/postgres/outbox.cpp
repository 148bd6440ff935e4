#include "input/postgres/outbox.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace cordyna::input {
namespace {

constexpr std::size_t kPgNameMax = 63;  // NAMEDATALEN - 1

std::string doubled(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

std::unexpected<Error> bad_table(std::string_view text) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no name of a table: want orders, sales.orders, or "
                          "\"Odd\".\"Name\", each part of at most {} bytes",
                          printable(text), kPgNameMax));
}

/// Takes one part of a name off the front; empty: there is none.
std::string take_name(std::string_view& text) {
  std::string name;
  if (!text.starts_with('"')) {
    const std::string_view part = text.substr(0, text.find('.'));
    text.remove_prefix(part.size());
    if (part.find('"') != std::string_view::npos) return {};
    for (const char c : part) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return name;
  }
  text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '"') {
      name += c;
    } else if (text.starts_with('"')) {
      name += c;
      text.remove_prefix(1);
    } else {
      return name;
    }
  }
  return {};
}

struct TriggerWord {
  Operation operation;
  std::string_view name;   ///< in the trigger's name
  std::string_view event;  ///< in SQL
  std::string_view rows;
};

constexpr std::array kTriggerWords{
    TriggerWord{Operation::kCreate, "insert", "INSERT",
                "REFERENCING NEW TABLE AS cordyna_changed "},
    TriggerWord{Operation::kUpdate, "update", "UPDATE",
                "REFERENCING NEW TABLE AS cordyna_changed "},
    TriggerWord{Operation::kDelete, "delete", "DELETE",
                "REFERENCING OLD TABLE AS cordyna_changed "},
    TriggerWord{Operation::kDelete, "truncate", "TRUNCATE", ""},
};

std::string trigger_name(std::string_view id, const TriggerWord& word) {
  return fmt::format("cordyna_{}_{}", id, word.name);
}

bool is_among(const std::vector<Operation>& operations, Operation one) {
  return operations.empty() || std::ranges::find(operations, one) != operations.end();
}

/// ('cordyna_orders_insert'), …: those that each table shall have.
std::vector<std::string> wanted_triggers(std::string_view id,
                                         const std::vector<Operation>& operations) {
  std::vector<std::string> names;
  for (const TriggerWord& word : kTriggerWords) {
    if (!is_among(operations, word.operation)) continue;
    names.push_back(quote_text(trigger_name(id, word)));
  }
  return names;
}

/// A condition over n.nspname and c.relname.
std::string table_condition(const std::vector<PgTable>& tables) {
  if (tables.empty()) {
    return "n.nspname NOT IN ('pg_catalog', 'information_schema', 'cordyna') AND n.nspname !~ "
           "'^pg_(toast|temp_)' AND c.relpersistence <> 't'";
  }
  std::vector<std::string> names;
  names.reserve(tables.size());
  for (const PgTable& table : tables) {
    names.push_back(fmt::format("({}, {})", quote_text(table.schema), quote_text(table.name)));
  }
  return fmt::format("(n.nspname, c.relname) IN ({})", fmt::join(names, ", "));
}

std::string outbox_of(std::string_view id) {
  return "cordyna." + quote_name(id);
}

std::string function_of(std::string_view id) {
  return "cordyna." + quote_name(fmt::format("{}_record", id));
}

/// Of which a trigger is: nobody else's has this function.
std::string function_condition(std::string_view id) {
  return fmt::format(
      "t.tgfoid = (SELECT p.oid FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace f ON f.oid "
      "= "
      "p.pronamespace WHERE f.nspname = 'cordyna' AND p.proname = {})",
      quote_text(fmt::format("{}_record", id)));
}

/// Of a table's columns it asks for those of the primary key each time: they may be renamed. A
/// table without one has no key. `format` makes names and texts of it safe.
constexpr std::string_view kRecord = R"sql(
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $cordyna$
DECLARE
  keys text;
  told bigint := 1;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO {outbox} (op, space, place) VALUES ('t', TG_TABLE_SCHEMA, TG_TABLE_NAME);
  ELSE
    SELECT string_agg(format('%L, cordyna_row.%I', a.attname, a.attname), ', ' ORDER BY k.n)
      INTO keys
      FROM pg_index i
      CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(col, n)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.col
      WHERE i.indrelid = TG_RELID AND i.indisprimary;
    EXECUTE format('INSERT INTO {outbox} (op, space, place, key, body) '
                   'SELECT %L, %L, %L, %s, {body} FROM cordyna_changed AS cordyna_row',
                   CASE TG_OP WHEN 'INSERT' THEN 'c' WHEN 'UPDATE' THEN 'u' ELSE 'd' END,
                   TG_TABLE_SCHEMA, TG_TABLE_NAME,
                   coalesce('json_build_object(' || keys || ')::text', 'NULL'));
    GET DIAGNOSTICS told = ROW_COUNT;
  END IF;
  IF told > 0 THEN PERFORM pg_notify({channel}, {id}); END IF;
  RETURN NULL;
END
$cordyna$;
)sql";

}  // namespace

Result<PgTable> parse_table(std::string_view text) {
  std::string_view rest = text;
  PgTable table{"public", take_name(rest)};
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    table.schema = std::exchange(table.name, take_name(rest));
  }
  const auto fits = [](const std::string& name) {
    return !name.empty() && name.size() <= kPgNameMax && !name.contains('\0');
  };
  if (!rest.empty() || !fits(table.schema) || !fits(table.name)) return bad_table(text);
  return table;
}

std::string quote_name(std::string_view name) {
  return doubled(name, '"');
}

std::string quote_text(std::string_view text) {
  return doubled(text, '\'');
}

std::string install_outbox_sql(std::string_view id, bool whole_rows) {
  const std::string table = fmt::format(
      "CREATE SCHEMA IF NOT EXISTS cordyna;\n"
      "CREATE TABLE IF NOT EXISTS {} (\n"
      "  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),\n"
      "  id bigint GENERATED ALWAYS AS IDENTITY,\n"
      "  at timestamptz NOT NULL DEFAULT clock_timestamp(),\n"
      "  op text NOT NULL,\n"
      "  space text NOT NULL,\n"
      "  place text NOT NULL,\n"
      "  key text,\n"
      "  body text,\n"
      "  bytes bigint GENERATED ALWAYS AS (octet_length(body)) STORED,\n"
      "  PRIMARY KEY (xid, id)\n"
      // Rows come and go: what they leave is to be cleared away soon.
      ") WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);\n",
      outbox_of(id));
  // Within format's text, a quote of a name needs no care, but its text has quotes and percents.
  const std::string inside = outbox_of(id);
  return table + fmt::format(fmt::runtime(kRecord), fmt::arg("function", function_of(id)),
                             fmt::arg("outbox", inside),
                             fmt::arg("body", whole_rows ? "to_json(cordyna_row.*)::text" : "NULL"),
                             fmt::arg("channel", quote_text(kOutboxChannel)),
                             fmt::arg("id", quote_text(id)));
}

std::string missing_triggers_sql(std::string_view id, const std::vector<PgTable>& tables,
                                 const std::vector<Operation>& operations) {
  const std::vector<std::string> names = wanted_triggers(id, operations);
  return fmt::format(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON "
      "n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND {} AND (SELECT count(*) FROM "
      "pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND {} AND t.tgname IN ({})) < {} "
      "ORDER BY 1, 2",
      table_condition(tables), function_condition(id), fmt::join(names, ", "), names.size());
}

std::string add_triggers_sql(std::string_view id, const PgTable& table,
                             const std::vector<Operation>& operations) {
  const std::string on = quote_name(table.schema) + "." + quote_name(table.name);
  std::string sql;
  for (const TriggerWord& word : kTriggerWords) {
    if (!is_among(operations, word.operation)) continue;
    const std::string name = quote_name(trigger_name(id, word));
    sql += fmt::format(
        "DROP TRIGGER IF EXISTS {0} ON {1};\n"
        "CREATE TRIGGER {0} AFTER {2} ON {1} {3}FOR EACH STATEMENT EXECUTE FUNCTION {4}();\n",
        name, on, word.event, word.rows, function_of(id));
  }
  return sql;
}

std::string stray_triggers_sql(std::string_view id, const std::vector<PgTable>& tables,
                               const std::vector<Operation>& operations) {
  return fmt::format(
      "SELECT format('DROP TRIGGER IF EXISTS %I ON %I.%I', t.tgname, n.nspname, c.relname) FROM "
      "pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN "
      "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {} AND NOT ({} AND t.tgname IN "
      "({}))",
      function_condition(id), table_condition(tables),
      fmt::join(wanted_triggers(id, operations), ", "));
}

/// The schema stays where others use it. Its table and function go with all that hangs on them.
std::string remove_outbox_sql(std::string_view id) {
  return fmt::format(
      "DROP FUNCTION IF EXISTS {}() CASCADE;\n"
      "DROP TABLE IF EXISTS {};\n"
      "DO $cordyna$ BEGIN DROP SCHEMA IF EXISTS cordyna; EXCEPTION WHEN "
      "dependent_objects_still_exist THEN NULL; END $cordyna$",
      function_of(id), outbox_of(id));
}

std::string read_outbox_sql(std::string_view id, std::size_t rows, std::size_t row_bytes,
                            std::size_t batch_bytes) {
  return fmt::format(
      "WITH gone AS (DELETE FROM {0} WHERE (xid, id) <= ($1::xid8, $2::bigint)), page AS (SELECT * "
      "FROM {0} WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < "
      "pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id LIMIT {1}), sums AS (SELECT *, "
      "sum(least(coalesce(bytes, 0), {2})) OVER (ORDER BY xid, id) - least(coalesce(bytes, 0), "
      "{2}) "
      "AS before FROM page) SELECT xid::text, id::text, (extract(epoch FROM at) * "
      "1000)::bigint::text, op, space, place, key, CASE WHEN bytes <= {2} THEN body END, "
      "bytes::text FROM sums WHERE before < {3} ORDER BY sums.xid, sums.id",
      outbox_of(id), rows, row_bytes, batch_bytes);
}

}  // namespace cordyna::input
