#include "process/data/pg_statements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

std::string set_config(std::string_view name, std::string_view value) {
  return fmt::format("set_config({}, {}, true)", quote_text(name), quote_text(value));
}

/// json and xml have no equality.
std::string comparable(const std::string& side, const std::string& name,
                       const std::vector<TableColumn>& types) {
  const auto column = std::ranges::find(types, name, &TableColumn::name);
  const bool plain = column == types.end() || (column->base != "json" && column->base != "xml");
  return fmt::format("{}.{}{}", side, quote_name(name), plain ? "" : "::text");
}

}  // namespace

std::vector<std::string> names_of(const std::vector<SourceColumn>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const SourceColumn& column : columns) names.push_back(column.name);
  return names;
}

std::string settings_sql(const Connection& connection) {
  std::string all;
  const auto add = [&all](std::string_view name, std::string_view value) {
    all += (all.empty() ? "SELECT " : ",\n  ") + set_config(name, value);
  };
  for (const auto& [name, value] : connection.options) add(name, value);
  if (connection.statement_timeout_ms > 0) {
    add("statement_timeout", fmt::format("{}", connection.statement_timeout_ms));
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kOurs{{
      {"TimeZone", "UTC"},
      {"DateStyle", "ISO, YMD"},
      {"IntervalStyle", "postgres"},
      {"bytea_output", "hex"},
      {"extra_float_digits", "1"},
      {"lock_timeout", "0"},
      {"client_min_messages", "error"},
      // Other targets may take their time meanwhile.
      {"idle_in_transaction_session_timeout", "0"},
      // A policy that hides rows would make a replace leave them: better an error.
      {"row_security", "off"},
  }};
  for (const auto& [name, value] : kOurs) add(name, value);
  return all;
}

std::string create_ledger_sql(const std::string& schema) {
  const std::string table = quote_table({schema, std::string(kLedger)});
  return fmt::format(
      "CREATE TABLE IF NOT EXISTS {0} (target text NOT NULL, run text NOT NULL, task text NOT "
      "NULL, attempt bigint NOT NULL, mode text NOT NULL, rows bigint NOT NULL, at timestamptz NOT "
      "NULL DEFAULT now(), PRIMARY KEY (target, run, task))",
      table);
}

StepResult<std::string> create_table_sql(const std::string& table,
                                         const std::vector<SourceColumn>& columns,
                                         const std::vector<std::string>& key) {
  std::string out = fmt::format("CREATE TABLE {} (", table);
  for (const SourceColumn& column : columns) {
    STEP_TRY_ASSIGN(const std::string type, pg_type_for(column));
    out += fmt::format("{}{} {}", out.ends_with('(') ? "" : ", ", quote_name(column.name), type);
  }
  if (!key.empty()) out += fmt::format(", PRIMARY KEY ({})", quote_names(key));
  return out + ")";
}

std::string copy_in_sql(const std::string& table, const std::vector<SourceColumn>& columns,
                        bool frozen) {
  return fmt::format("COPY {} ({}) FROM STDIN (FORMAT csv{})", table,
                     quote_names(names_of(columns)), frozen ? ", FREEZE" : "");
}

std::string insert_all_sql(const std::string& table, const std::string& staging,
                           const std::vector<SourceColumn>& columns) {
  const std::string names = quote_names(names_of(columns));
  return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", table, names, names, staging);
}

std::string upsert_sql(const std::string& table, const std::string& staging,
                       const std::vector<SourceColumn>& columns,
                       const std::vector<std::string>& key, const std::vector<TableColumn>& types) {
  std::string sets;
  std::string differs;
  for (const SourceColumn& column : columns) {
    if (std::ranges::find(key, column.name) != key.end()) continue;
    const std::string name = quote_name(column.name);
    sets += fmt::format("{}{} = EXCLUDED.{}", sets.empty() ? "" : ", ", name, name);
    differs += fmt::format("{}{} IS DISTINCT FROM {}", differs.empty() ? "" : " OR ",
                           comparable("dyna_old", column.name, types),
                           comparable("EXCLUDED", column.name, types));
  }
  const std::string names = quote_names(names_of(columns));
  const std::string what =
      sets.empty() ? "NOTHING" : fmt::format("UPDATE SET {} WHERE {}", sets, differs);
  return fmt::format("INSERT INTO {} AS dyna_old ({}) SELECT {} FROM {} ON CONFLICT ({}) DO {}",
                     table, names, names, staging, quote_names(key), what);
}

std::string twice_sql(const std::string& staging, const std::vector<std::string>& key) {
  std::string shown;
  for (const std::string& name : key) {
    shown += fmt::format("{}{}::text", shown.empty() ? "" : ", ", quote_name(name));
  }
  return fmt::format(
      "SELECT concat_ws(', ', {}), count(*) FROM {} GROUP BY {} HAVING count(*) > 1 ORDER BY 1 "
      "LIMIT 3",
      shown, staging, quote_names(key));
}

std::string keyless_sql(const std::string& staging, const std::vector<std::string>& key) {
  std::string condition;
  for (const std::string& name : key) {
    condition += fmt::format("{}{} IS NULL", condition.empty() ? "" : " OR ", quote_name(name));
  }
  return fmt::format("SELECT count(*) FROM {} WHERE {}", staging, condition);
}

const std::string_view kColumnsSql = R"(
SELECT a.attname, format_type(a.atttypid, a.atttypmod), coalesce(b.typname, t.typname),
  CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END,
  coalesce(b.typtype, t.typtype) = 'e',
  a.attnotnull AND NOT a.atthasdef AND a.attidentity = '',
  a.attgenerated <> '' OR a.attidentity = 'a'
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)";

// Whatever hangs on a table without being part of it (its columns, defaults, checks, indexes) would
// stay with the old one, or be dropped with it. Asking for all but the known parts also finds what
// nobody thought of.
const std::string_view kHangingSql = R"(
WITH c AS (SELECT c.*, r.oid AS me, m.amname FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_roles r ON r.rolname = current_user
  LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam WHERE c.oid = $1::oid)
SELECT 'it belongs to another role' FROM c WHERE relowner <> me
UNION ALL SELECT 'it is no ordinary table' FROM c
  WHERE relkind <> 'r' OR relpersistence <> 'p' OR amname <> 'heap' OR reloftype <> 0
UNION ALL SELECT 'it is part of a partitioned table or has heirs' FROM c WHERE relispartition OR relhassubclass
UNION ALL SELECT 'it inherits' FROM c, pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid
UNION ALL SELECT 'it has row security' FROM c WHERE relrowsecurity OR relforcerowsecurity
UNION ALL SELECT 'it has storage options' FROM c WHERE reloptions IS NOT NULL OR reltablespace <> 0
UNION ALL SELECT 'it has a replica identity' FROM c WHERE relreplident <> 'd'
UNION ALL SELECT 'it is published' FROM c, pg_catalog.pg_publication p
  WHERE EXISTS (SELECT 1 FROM pg_catalog.pg_get_publication_tables(p.pubname) g WHERE g.relid = c.oid)
UNION ALL SELECT 'its columns have grants or options' FROM c, pg_catalog.pg_attribute a
  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND (a.attacl IS NOT NULL OR a.attidentity <> ''
      OR EXISTS (SELECT FROM unnest(a.attoptions) o WHERE o LIKE 'n\_distinct%'))
UNION ALL SELECT 'grants on it came from another role' FROM c, aclexplode(c.relacl) g WHERE g.grantor <> c.relowner
UNION ALL SELECT 'it has a security label' FROM c, pg_catalog.pg_seclabel l WHERE l.objoid = c.oid
UNION ALL SELECT 'it is ordered by an index' FROM c, pg_catalog.pg_index i
  WHERE i.indrelid = c.oid AND (i.indisclustered OR NOT i.indisvalid)
UNION ALL SELECT 'it belongs to an extension' FROM c, pg_catalog.pg_depend d
  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
UNION ALL SELECT pg_describe_object(d.classid, d.objid, d.objsubid) || ' hangs on it'
FROM c, pg_catalog.pg_depend d
WHERE ((d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid)
    OR (d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = c.reltype))
  AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND (d.objid = c.reltoastrelid
    OR d.objid IN (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid = c.oid)))
  AND NOT (d.classid = 'pg_catalog.pg_constraint'::regclass
    AND d.objid IN (SELECT oid FROM pg_catalog.pg_constraint WHERE conrelid = c.oid AND contype IN ('p', 'u', 'c', 'x', 'n')))
  AND NOT (d.classid = 'pg_catalog.pg_attrdef'::regclass
    AND d.objid IN (SELECT oid FROM pg_catalog.pg_attrdef WHERE adrelid = c.oid))
  AND NOT (d.classid = 'pg_catalog.pg_type'::regclass AND (d.objid = c.reltype
    OR d.objid = (SELECT typarray FROM pg_catalog.pg_type WHERE oid = c.reltype)))
LIMIT 5)";

const std::string_view kReferencesSql = R"(
SELECT conname, conrelid::regclass::text FROM pg_catalog.pg_constraint
WHERE contype = 'f' AND confrelid = $1::oid AND conrelid <> confrelid LIMIT 3)";

const std::string_view kUniqueSql = R"(
SELECT i.indexrelid, a.attname FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid
  AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL ORDER BY i.indexrelid)";

const std::string_view kIndexPairsSql = R"(
WITH i AS (SELECT i.indrelid, c.relname, d.def, i.indisunique, i.indisprimary,
    row_number() OVER (PARTITION BY i.indrelid, d.def, i.indisunique, i.indisprimary ORDER BY c.oid) AS n
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid,
    LATERAL (SELECT substring(pg_get_indexdef(c.oid) from ' USING .*') AS def) d
  WHERE i.indrelid IN ($1::oid, $2::oid))
SELECT a.relname, b.relname FROM i a LEFT JOIN i b ON b.indrelid = $2::oid AND a.def = b.def
  AND a.n = b.n AND a.indisunique = b.indisunique AND a.indisprimary = b.indisprimary
WHERE a.indrelid = $1::oid)";

const std::string_view kTakeOverSql = R"(
WITH old AS (SELECT * FROM pg_catalog.pg_class WHERE oid = $1::oid),
  new AS (SELECT *, $2::oid::regclass::text AS name FROM pg_catalog.pg_class WHERE oid = $2::oid),
  who AS (SELECT oid, quote_ident(rolname) AS name FROM pg_catalog.pg_roles UNION ALL SELECT 0, 'PUBLIC'),
  taken AS (SELECT DISTINCT g.grantee FROM new, aclexplode(coalesce(new.relacl, acldefault('r', new.relowner))) g)
SELECT format('REVOKE ALL ON TABLE %s FROM %s', new.name, who.name) FROM new, taken JOIN who ON who.oid = taken.grantee
UNION ALL
SELECT format('GRANT %s ON TABLE %s TO %s%s', g.privilege_type, new.name, who.name,
    CASE WHEN g.is_grantable AND g.grantee <> old.relowner THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM old, new, aclexplode(coalesce(old.relacl, acldefault('r', old.relowner))) g JOIN who ON who.oid = g.grantee
UNION ALL
SELECT format('COMMENT ON TABLE %s IS %L', new.name, obj_description(old.oid, 'pg_class'))
  FROM old, new WHERE obj_description(old.oid, 'pg_class') IS NOT NULL)";

}  // namespace cordyna::data
