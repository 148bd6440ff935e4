#include "process/data/sql/task.hpp"

#include <array>
#include <boost/json.hpp>
#include <exception>
#include <utility>

#include "base/text.hpp"

namespace cordyna::sql {
namespace {

namespace json = boost::json;

json::array statements_json(const std::vector<tmpl::SqlStatement>& statements) {
  json::array list;
  for (const tmpl::SqlStatement& one : statements) {
    list.push_back(json::object{
        {"text", one.text}, {"line", one.line}, {"values", json::value_from(one.values)}});
  }
  return list;
}

std::vector<tmpl::SqlStatement> statements_from(const json::value& value) {
  std::vector<tmpl::SqlStatement> statements;
  for (const json::value& item : value.as_array()) {
    statements.push_back({json::value_to<std::string>(item.at("text")),
                          json::value_to<std::size_t>(item.at("line")),
                          json::value_to<std::vector<std::string>>(item.at("values"))});
  }
  return statements;
}

json::object server_json(const data::Connection& server) {
  json::array options;
  for (const auto& [name, value] : server.options) options.push_back({name, value});
  return {{"name", server.name},
          {"host", server.host},
          {"port", server.port},
          {"database", server.database},
          {"user", server.user},
          {"sslmode", server.sslmode},
          {"sslrootcert", server.sslrootcert},
          {"connect_timeout", server.connect_timeout_ms},
          {"statement_timeout", server.statement_timeout_ms},
          {"options", std::move(options)}};
}

data::Connection server_from(const json::value& value) {
  const auto text = [&](const char* key) { return json::value_to<std::string>(value.at(key)); };
  data::Connection server;
  server.name = text("name");
  server.host = text("host");
  server.port = text("port");
  server.database = text("database");
  server.user = text("user");
  server.sslmode = text("sslmode");
  server.sslrootcert = text("sslrootcert");
  server.connect_timeout_ms = json::value_to<std::int64_t>(value.at("connect_timeout"));
  server.statement_timeout_ms = json::value_to<std::int64_t>(value.at("statement_timeout"));
  for (const json::value& item : value.at("options").as_array()) {
    server.options.emplace_back(json::value_to<std::string>(item.at(0)),
                                json::value_to<std::string>(item.at(1)));
  }
  return server;
}

}  // namespace

std::string SqlSecrets::hide(std::string text) const {
  for (const std::string& mask : masks) hide_in(text, mask);
  return text;
}

std::string to_json(const SqlTask& task) {
  return json::serialize(json::object{{"kind", static_cast<int>(task.kind)},
                                      {"server", server_json(task.server)},
                                      {"name", task.name},
                                      {"database", task.database},
                                      {"read_only", task.read_only},
                                      {"lock_timeout", task.lock_timeout_ms},
                                      {"statements", statements_json(task.statements)},
                                      {"transaction", task.transaction},
                                      {"save_as", task.save_as},
                                      {"memory", task.limits.memory_bytes},
                                      {"threads", task.limits.threads},
                                      {"folder", task.folder},
                                      {"artifacts", task.artifacts},
                                      {"work", task.work}});
}

Result<SqlTask> parse_task(std::string_view text) {
  try {
    const json::value value = json::parse({text.data(), text.size()});
    SqlTask task;
    task.kind = static_cast<tmpl::SqlDialect>(json::value_to<int>(value.at("kind")));
    task.server = server_from(value.at("server"));
    task.name = json::value_to<std::string>(value.at("name"));
    task.database = json::value_to<std::string>(value.at("database"));
    task.read_only = value.at("read_only").as_bool();
    task.lock_timeout_ms = json::value_to<std::int64_t>(value.at("lock_timeout"));
    task.statements = statements_from(value.at("statements"));
    task.transaction = value.at("transaction").as_bool();
    task.save_as = json::value_to<std::string>(value.at("save_as"));
    task.limits.memory_bytes = json::value_to<std::uint64_t>(value.at("memory"));
    task.limits.threads = json::value_to<std::uint32_t>(value.at("threads"));
    task.folder = json::value_to<std::string>(value.at("folder"));
    task.artifacts = json::value_to<std::string>(value.at("artifacts"));
    task.work = json::value_to<std::string>(value.at("work"));
    return task;
  } catch (const std::exception& error) {
    return fail(ErrorCode::kCorrupt, error.what());
  }
}

std::string to_json(const SqlSecrets& secrets) {
  return json::serialize(json::object{{"password", secrets.password},
                                      {"statements", statements_json(secrets.statements)},
                                      {"masks", json::value_from(secrets.masks)}});
}

Result<SqlSecrets> parse_secrets(std::string_view text) {
  if (text.empty()) return SqlSecrets{};
  try {
    const json::value value = json::parse({text.data(), text.size()});
    SqlSecrets secrets;
    secrets.password = json::value_to<std::string>(value.at("password"));
    secrets.statements = statements_from(value.at("statements"));
    secrets.masks = json::value_to<std::vector<std::string>>(value.at("masks"));
    return secrets;
  } catch (const std::exception&) {
    return fail(ErrorCode::kCorrupt, "the secrets are not as they were handed over");
  }
}

std::string_view format_of(std::string_view save_as) {
  constexpr std::array<std::string_view, 3> kFormats = {"parquet", "csv", "jsonl"};
  for (const std::string_view format : kFormats) {
    const std::size_t size = format.size() + 1;
    if (save_as.size() > size && save_as.ends_with(format) &&
        save_as[save_as.size() - size] == '.') {
      return format;
    }
  }
  return {};
}

}  // namespace cordyna::sql
