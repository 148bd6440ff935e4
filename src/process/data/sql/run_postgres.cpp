#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "process/data/pg_server.hpp"
#include "process/data/sql/parameter.hpp"
#include "process/data/sql/row_json.hpp"
#include "process/data/sql/runs.hpp"

namespace cordyna::sql {
namespace {

using data::StepResult;

/// Lines up to the character at `position` (from 1) of UTF-8 text; 0: the first.
std::size_t lines_before(std::string_view text, std::size_t position) {
  std::size_t lines = 0;
  std::size_t seen = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++seen;
    if (seen >= position) break;
    if (c == '\n') ++lines;
  }
  return lines;
}

/// "NOTICE:  so far" of "NOTICE:  00000: so far\nLOCATION:  …", as libpq has it.
std::string notice_text(std::string_view text) {
  constexpr std::string_view kNone = "00000: ";
  std::string out(text.substr(0, text.find("\nLOCATION:")));
  const std::size_t at = out.find(kNone);
  if (at != std::string::npos) out.erase(at, kNone.size());
  std::ranges::replace(out, '\n', ' ');
  return out;
}

/// Rows into the sink. Its error is kept, since the connection's have no room for it.
class SinkTaker final : public PgRowTaker {
 public:
  explicit SinkTaker(RowSink& sink) : sink_(sink) {}

  PgResult<> columns(const std::vector<PgColumn>& columns) override {
    gave_rows = true;
    return taken(sink_.begin(columns));
  }
  PgResult<> row(std::span<const std::optional<std::string_view>> values) override {
    return taken(sink_.add(values));
  }

  std::optional<TaskError> error;
  bool gave_rows = false;

 private:
  PgResult<> taken(StepResult<> done) {
    if (done.has_value()) return {};
    error = std::move(done.error());
    return std::unexpected(PgFault{.message = error->message});
  }

  RowSink& sink_;
};

class PostgresRun {
 public:
  explicit PostgresRun(SqlRun& run) : run_(run) {}

  StepResult<> all() {
    auto opened =
        PgConnection::open(data::target_of(run_.task.server, run_.password), run_.signals);
    if (!opened.has_value()) return wrong(opened.error(), run_.task.name);
    PgConnection connection = std::move(*opened);
    if (auto set = settle(connection); !set.has_value()) return wrong(set.error(), run_.task.name);
    connection.hear_notices([this](std::string_view text) { run_.say(notice_text(text)); });
    if (run_.task.transaction) {
      const auto begun = connection.run("BEGIN");
      if (!begun.has_value()) return wrong(begun.error(), "BEGIN");
    }
    for (const tmpl::SqlStatement& statement : run_.statements) {
      STEP_TRY(one(connection, statement));
    }
    STEP_TRY(run_.sink.end());
    // Before anything counts: what cannot be kept takes all back.
    STEP_TRY(save_rows(run_));
    // Until here nothing counts: an error closes the connection, and the server takes all back.
    if (!run_.task.transaction) return {};
    const auto ended = connection.run("COMMIT");
    return ended.has_value() ? StepResult<>() : unsure(ended.error(), "COMMIT");
  }

 private:
  StepResult<> wrong(const PgFault& fault, std::string_view doing) const {
    const bool passes = kind_of(fault) == PgKind::kTransient;
    TaskError error = data::pg_error(
        fault, doing, passes ? TaskErrorCode::kSourceUnavailable : TaskErrorCode::kSqlFailed);
    return std::unexpected<TaskError>(std::move(error));
  }

  /// As `wrong`, where what was sent may count though no answer came: nothing may try it again.
  StepResult<> unsure(const PgFault& fault, std::string_view doing) const {
    if (!fault.state.empty() || fault.cancelled) return wrong(fault, doing);
    PgFault said = fault;
    said.message += "; whether it counts is not known";
    return std::unexpected<TaskError>(data::pg_error(said, doing, TaskErrorCode::kSqlFailed));
  }

  /// What values look like; the task's own settings before, where they do not decide that.
  PgResult<> settle(PgConnection& connection) const {
    std::vector<std::pair<std::string, std::string>> settings{
        {"TimeZone", "UTC"}, {"idle_in_transaction_session_timeout", "0"}};
    const data::Connection& server = run_.task.server;
    if (server.statement_timeout_ms > 0) {
      settings.emplace_back("statement_timeout", fmt::format("{}", server.statement_timeout_ms));
    }
    settings.insert(settings.end(), server.options.begin(), server.options.end());
    for (const char* name :
         {"DateStyle", "bytea_output", "extra_float_digits", "standard_conforming_strings"}) {
      const std::string_view key(name);
      settings.emplace_back(name, key == "DateStyle"            ? "ISO, YMD"
                                  : key == "bytea_output"       ? "hex"
                                  : key == "extra_float_digits" ? "1"
                                                                : "on");
    }
    for (const auto& [name, value] : settings) {
      PG_TRY(connection.run("SELECT set_config($1, $2, false)", {name, value}));
    }
    return {};
  }

  StepResult<> one(PgConnection& connection, const tmpl::SqlStatement& statement) {
    auto values = values_of(connection, statement);
    if (!values.has_value()) return wrong(values.error(), place(statement, values.error()));
    SinkTaker taker(run_.sink);
    auto done = connection.stream(statement.text, *values, taker);
    if (taker.error.has_value()) {
      taker.error->message = fmt::format("{}: {}", place_of(statement, 0), taker.error->message);
      return std::unexpected<TaskError>(std::move(*taker.error));
    }
    if (!done.has_value()) {
      const std::string at = place(statement, done.error());
      return run_.task.transaction ? wrong(done.error(), at) : unsure(done.error(), at);
    }
    if (!done->tag.starts_with("SELECT")) run_.affected += done->affected;
    run_.say(fmt::format("{}: {}", place_of(statement, 0), done->tag));
    if (!taker.gave_rows) return {};
    auto named = name_types(connection);
    return named.has_value() ? StepResult<>() : wrong(named.error(), "the types of the columns");
  }

  static std::string place(const tmpl::SqlStatement& statement, const PgFault& fault) {
    return place_of(statement,
                    fault.position == 0 ? 0 : lines_before(statement.text, fault.position));
  }

  /// A list is an array where the statement wants one, else its JSON: only the server knows.
  PgResult<std::vector<PgValue>> values_of(PgConnection& connection,
                                           const tmpl::SqlStatement& statement) const {
    std::vector<PgValue> values;
    std::vector<std::uint32_t> types;
    for (const std::string& value : statement.values) {
      values.push_back(parameter_of(value));
      types.push_back(values.back().type);
    }
    if (std::ranges::none_of(statement.values, is_list)) return values;
    PG_TRY_ASSIGN(const std::vector<std::uint32_t> found,
                  connection.parameter_types(statement.text, types));
    for (std::size_t i = 0; i < values.size() && i < found.size(); ++i) {
      if (!is_list(statement.values[i])) continue;
      bool wants_array = is_array(found[i]);
      if (!wants_array) {
        PG_TRY_ASSIGN(const PgRows rows,
                      connection.run("SELECT typcategory FROM pg_catalog.pg_type WHERE oid = $1",
                                     {fmt::format("{}", found[i])}));
        wants_array = !rows.rows.empty() && rows.rows[0][0] == "A";
      }
      if (wants_array) values[i].text = array_text(statement.values[i]);
    }
    return values;
  }

  /// "numeric(10,2)", as the server calls them.
  PgResult<> name_types(PgConnection& connection) const {
    std::string types = "{";
    std::string modifiers = "{";
    for (const PgColumn& column : run_.sink.columns()) {
      const char* comma = types.size() > 1 ? "," : "";
      types += fmt::format("{}{}", comma, column.type);
      modifiers += fmt::format("{}{}", comma, column.modifier);
    }
    PG_TRY_ASSIGN(
        const PgRows rows,
        connection.run("SELECT format_type(t, m) FROM unnest($1::oid[], $2::integer[]) WITH "
                       "ORDINALITY AS u(t, m, n) ORDER BY n",
                       {types + "}", modifiers + "}"}));
    std::vector<std::string> names;
    names.reserve(rows.rows.size());
    for (const PgRow& row : rows.rows) names.push_back(row[0].value_or("?"));
    run_.sink.name_types(std::move(names));
    return {};
  }

  SqlRun& run_;
};

}  // namespace

StepResult<> run_postgres(SqlRun& run) {
  return PostgresRun(run).all();
}

}  // namespace cordyna::sql
