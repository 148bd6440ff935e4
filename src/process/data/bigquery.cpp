#include "process/data/bigquery.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "http/digest.hpp"
#include "http/url.hpp"
#include "process/data/json_read.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

constexpr std::string_view kWordCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

bool has_only(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [more](char c) {
    return kWordCharacters.find(c) != std::string_view::npos ||
           more.find(c) != std::string_view::npos;
  });
}

/// Letters of any script, and what a partition is named by; nothing that ends a quoted name, or
/// means several tables.
bool is_table_name(std::string_view name) {
  constexpr std::size_t kBytesMax = 1024;
  return !name.empty() && name.size() <= kBytesMax && std::ranges::none_of(name, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x80 && kWordCharacters.find(c) == std::string_view::npos &&
           std::string_view("-$ ").find(c) == std::string_view::npos;
  });
}

StepResult<std::string> read_key(const json::object& connection) {
  STEP_TRY_ASSIGN(const json::object* key, read_object(connection, "key"));
  if (key == nullptr) return std::string();
  STEP_TRY_ASSIGN(std::optional<std::string> secret, read_text(*key, "secret"));
  if (secret.value_or("").empty()) return bad_value("connection.key", "{secret: NAME} is wanted");
  return std::move(*secret);
}

StepResult<std::vector<google::QueryParameter>> read_parameters(const json::object& params) {
  std::vector<google::QueryParameter> out;
  const json::value* values = params.if_contains("sql_values");
  const json::array* list = values == nullptr ? nullptr : values->if_array();
  if (list == nullptr) return out;
  out.reserve(list->size());
  for (const json::value& value : *list) {
    google::QueryParameter one;
    one.name = fmt::format("dyna_{}", out.size() + 1);
    one.type = value.is_int64() || value.is_uint64() ? "INT64"
               : value.is_double()                   ? "FLOAT64"
               : value.is_bool()                     ? "BOOL"
                                                     : "STRING";
    one.is_null = value.is_null();
    one.value = scalar_text(value);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string BigqueryTarget::shown() const {
  return fmt::format("{}/{}.{}", connection.name, table.dataset, table.table);
}

bool is_bigquery(const json::object& connection) {
  const json::value* type = connection.if_contains("type");
  return type != nullptr && type->is_string() && type->get_string() == "bigquery";
}

StepResult<BigqueryConnection> parse_bigquery(const json::object& object) {
  BigqueryConnection connection;
  const std::array<std::pair<std::string_view, std::string BigqueryConnection::*>, 5> texts{{
      {"name", &BigqueryConnection::name},
      {"project", &BigqueryConnection::project},
      {"dataset", &BigqueryConnection::dataset},
      {"location", &BigqueryConnection::location},
      {"endpoint", &BigqueryConnection::endpoint},
  }};
  for (const auto& [key, member] : texts) {
    STEP_TRY_ASSIGN(std::optional<std::string> text, read_text(object, key));
    connection.*member = std::move(text).value_or("");
  }
  if (connection.name.empty()) connection.name = "bigquery";
  STEP_TRY_ASSIGN(connection.key, read_key(object));
  if (connection.project.empty() || !has_only(connection.project, "-:.")) {
    return bad_value("connection.project",
                     fmt::format("'{}' is no project's id, as my-project is", connection.project));
  }
  if (!has_only(connection.dataset, "")) {
    return bad_value("connection.dataset",
                     fmt::format("'{}' is no dataset's id", connection.dataset));
  }
  if (!has_only(connection.location, "-")) {
    return bad_value("connection.location",
                     fmt::format("'{}' is no location, as EU is", connection.location));
  }
  bool here = false;
  if (!connection.endpoint.empty()) {
    const Result<http::Url> url = http::parse_url(connection.endpoint);
    if (!url.has_value()) return bad_value("connection.endpoint", url.error().message);
    here = http::is_loopback(url->host);
  }
  if (connection.key.empty() && !here) {
    return bad_value("connection.key", "{secret: NAME} with a service account's key is wanted");
  }
  return connection;
}

StepResult<google::BigqueryTable> parse_bigquery_table(std::string_view key, std::string_view text,
                                                       const BigqueryConnection& connection) {
  google::BigqueryTable table{connection.project, connection.dataset, ""};
  std::string_view rest = text;
  const std::size_t last = rest.rfind('.');
  table.table = rest.substr(last == std::string_view::npos ? 0 : last + 1);
  if (last != std::string_view::npos) {
    rest = rest.substr(0, last);
    const std::size_t before = rest.rfind('.');
    table.dataset = rest.substr(before == std::string_view::npos ? 0 : before + 1);
    if (before != std::string_view::npos) table.project = rest.substr(0, before);
  }
  const bool good = is_table_name(table.table) && !table.dataset.empty() &&
                    has_only(table.dataset, "") && !table.project.empty() &&
                    has_only(table.project, "-:.");
  if (good) return table;
  return bad_value(key, fmt::format("'{}' is no table of BigQuery: DATASET.TABLE is wanted{}", text,
                                    connection.dataset.empty() ? "" : ", or TABLE"));
}

StepResult<BigqueryTarget> parse_bigquery_target(const json::object& connection,
                                                 std::string_view name, ShareMode mode) {
  BigqueryTarget target;
  STEP_TRY_ASSIGN(target.connection, parse_bigquery(connection));
  STEP_TRY_ASSIGN(target.table, parse_bigquery_table("to", name, target.connection));
  if (mode == ShareMode::kUpsert) {
    return bad_value("mode", fmt::format("{}: BigQuery's tables are replaced or appended to; "
                                         "upsert is for PostgreSQL",
                                         target.shown()));
  }
  target.append = mode == ShareMode::kAppend;
  return target;
}

StepResult<NamedSource> parse_bigquery_source(const json::object& params,
                                              const json::object& connection) {
  NamedSource named;
  BigquerySource& source = named.source;
  STEP_TRY_ASSIGN(source.connection, parse_bigquery(connection));
  STEP_TRY_ASSIGN(const std::optional<std::string> name, read_text(params, "table"));
  if (name.has_value() == params.contains("sql")) {
    return bad_value("connection", "one of 'table' and 'sql' is wanted beside it");
  }
  if (params.contains("statement_timeout")) {
    return bad_value("statement_timeout", "it is for PostgreSQL; a task's is 'timeout'");
  }
  if (name.has_value()) {
    STEP_TRY_ASSIGN(const google::BigqueryTable table,
                    parse_bigquery_table("table", *name, source.connection));
    source.table = google::shown_table(table);
    source.sql = fmt::format("SELECT * FROM `{}`", source.table);
    named.shown = fmt::format("{}/{}.{}", source.connection.name, table.dataset, table.table);
    return named;
  }
  STEP_TRY_ASSIGN(std::optional<std::string> sql, read_text(params, "sql"));
  source.sql = std::move(sql).value_or("");
  if (source.sql.empty()) return bad_value("sql", "a query is wanted");
  STEP_TRY_ASSIGN(source.parameters, read_parameters(params));
  named.shown = source.connection.name + "'s answer to 'sql'";
  return named;
}

std::string bigquery_job_id(const AttemptName& attempt, std::int64_t number,
                            std::string_view part) {
  const std::string text = fmt::format("{}\n{}\n{}", attempt.run, attempt.task, part);
  return fmt::format("dyna_{}_{}", http::hex(http::sha256(text)).substr(0, 40), number);
}

// --- rows ---

namespace {

std::string bigquery_type(const google::BigqueryField& field) {
  if (field.repeated || field.type == "RECORD" || field.type == "STRUCT" || field.type == "JSON") {
    return "JSON";
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypes{
      {{"INTEGER", "BIGINT"},
       {"INT64", "BIGINT"},
       {"FLOAT", "DOUBLE"},
       {"FLOAT64", "DOUBLE"},
       {"BOOLEAN", "BOOLEAN"},
       {"BOOL", "BOOLEAN"},
       {"NUMERIC", "DECIMAL(38,9)"},
       {"DATE", "DATE"},
       {"TIME", "TIME"},
       {"DATETIME", "TIMESTAMP"},
       {"TIMESTAMP", "TIMESTAMPTZ"},
       {"BYTES", "BLOB"}}};
  const auto* found =
      std::ranges::find(kTypes, field.type, &std::pair<std::string_view, std::string_view>::first);
  return std::string(found == kTypes.end() ? "VARCHAR" : found->second);
}

std::string bigquery_value(const google::BigqueryField& field, std::size_t at) {
  const std::string type = bigquery_type(field);
  if (type == "VARCHAR") return fmt::format("c{}", at);
  if (type == "BLOB") return fmt::format("from_base64(c{})", at);
  // Microseconds since 1970.
  if (type == "TIMESTAMPTZ") {
    return fmt::format("make_timestamp(c{}::BIGINT) AT TIME ZONE 'UTC'", at);
  }
  return fmt::format("c{}::{}", at, type);
}

}  // namespace

std::string bigquery_rows_sql(const std::vector<google::BigqueryField>& columns,
                              std::string_view csv, std::size_t row_bytes_max,
                              std::string_view parquet) {
  std::string types;
  std::string values;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    types += fmt::format("{}'c{}': 'VARCHAR'", i == 0 ? "" : ", ", i);
    values += fmt::format("{}{} AS {}", i == 0 ? "" : ",\n    ", bigquery_value(columns[i], i),
                          quote_name(columns[i].name));
  }
  constexpr std::size_t kLineBytes = std::size_t{2} << 20;
  return fmt::format(
      "COPY (SELECT {}\n  FROM read_csv({}, header=false, auto_detect=false, delim=',', "
      "quote='\"', escape='\"',\n    nullstr='', allow_quoted_nulls=false, parallel=false, "
      "max_line_size={}, columns={{{}}}))\n  TO {} (FORMAT parquet);\n",
      values, quote_text(csv), std::max(kLineBytes, 2 * row_bytes_max + 1024), types,
      quote_text(parquet));
}

std::vector<std::string> loose_columns(const std::vector<google::BigqueryField>& columns) {
  std::vector<std::string> names;
  for (const google::BigqueryField& column : columns) {
    if (column.type == "BIGNUMERIC" && !column.repeated) names.push_back(column.name);
  }
  return names;
}

}  // namespace cordyna::data
