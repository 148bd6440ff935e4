#include "process/data/connection.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "process/data/json_read.hpp"
#include "process/data/sql_text.hpp"

namespace cordyna::data {
namespace {

namespace json = boost::json;

constexpr std::array<std::pair<std::string_view, ShareMode>, 3> kModes{{
    {"replace", ShareMode::kReplace},
    {"append", ShareMode::kAppend},
    {"upsert", ShareMode::kUpsert},
}};
constexpr std::size_t kNameBytesMax = 63;  // PostgreSQL cuts longer ones off without an error

/// Takes one name, in quotes or not, off the front; empty: there is none.
std::string take_name(std::string_view& text) {
  std::string name;
  if (!text.starts_with('"')) {
    const std::size_t end = std::min(text.find('.'), text.size());
    name = text.substr(0, end);
    text.remove_prefix(end);
    return name.find('"') == std::string::npos ? name : std::string();
  }
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
    if (text.front() != '"') {
      name += text.front();
    } else if (text.starts_with("\"\"")) {
      name += '"';
      text.remove_prefix(1);
    } else {
      text.remove_prefix(1);
      return name;
    }
  }
  return {};
}

bool is_plain(std::string_view name) {
  return name.find_first_of("\".") == std::string_view::npos;
}

StepResult<> read_secret(const json::object& object, Connection& connection) {
  STEP_TRY_ASSIGN(const json::object* password, read_object(object, "password"));
  if (password == nullptr) return {};
  STEP_TRY_ASSIGN(std::optional<std::string> secret, read_text(*password, "secret"));
  if (!secret.has_value() || secret->empty()) {
    return bad_value("connection.password", "{secret: NAME} is wanted");
  }
  connection.password = std::move(*secret);
  return {};
}

}  // namespace

StepResult<Connection> parse_connection(const json::object& object) {
  Connection connection;
  STEP_TRY_ASSIGN(const std::optional<std::string> type, read_text(object, "type"));
  if (type != "postgres") return bad_value("connection.type", "postgres is wanted");
  const std::array<std::pair<std::string_view, std::string Connection::*>, 7> texts{{
      {"name", &Connection::name},
      {"host", &Connection::host},
      {"port", &Connection::port},
      {"database", &Connection::database},
      {"user", &Connection::user},
      {"sslmode", &Connection::sslmode},
      {"sslrootcert", &Connection::sslrootcert},
  }};
  for (const auto& [key, member] : texts) {
    STEP_TRY_ASSIGN(std::optional<std::string> text, read_text(object, key));
    connection.*member = std::move(text).value_or("");
  }
  if (connection.name.empty()) connection.name = "postgres";
  STEP_TRY(read_secret(object, connection));
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> connect,
                  read_millis(object, "connect_timeout"));
  connection.connect_timeout_ms = connect.value_or(connection.connect_timeout_ms);
  STEP_TRY_ASSIGN(const std::optional<std::int64_t> statement,
                  read_millis(object, "statement_timeout"));
  connection.statement_timeout_ms = statement.value_or(0);
  STEP_TRY_ASSIGN(const json::object* options, read_object(object, "options"));
  if (options == nullptr) return connection;
  for (const auto& item : *options) {
    connection.options.emplace_back(std::string(item.key()), scalar_text(item.value()));
  }
  return connection;
}

StepResult<TableName> parse_table_name(std::string_view key, std::string_view text) {
  std::string_view rest = text;
  TableName name;
  name.table = take_name(rest);
  if (!name.table.empty() && rest.starts_with('.')) {
    rest.remove_prefix(1);
    name.schema = std::exchange(name.table, take_name(rest));
  }
  if (name.table.empty() || !rest.empty()) {
    return bad_value(key,
                     fmt::format("'{}' is no table's name: SCHEMA.TABLE is wanted, with double "
                                 "quotes around names that hold a point or a quote",
                                 text));
  }
  for (const std::string* part : {&name.schema, &name.table}) {
    if (part->size() > kNameBytesMax || part->find('\0') != std::string::npos) {
      return bad_value(
          key, fmt::format("the name '{}' has more than {} bytes, or a NUL", *part, kNameBytesMax));
    }
  }
  if (name.table == "dyna_shares") {
    return bad_value(key, "dyna_shares is the table in which shares are noted down");
  }
  return name;
}

StepResult<ShareMode> parse_mode(std::string_view word) {
  return parse_word("mode", word, kModes);
}

std::string_view to_string(ShareMode mode) {
  return kModes[static_cast<std::size_t>(mode)].first;
}

std::string TableTarget::shown() const {
  return connection.name + "/" + shown_table(table);
}

std::string quote_table(const TableName& name) {
  return name.schema.empty() ? quote_name(name.table)
                             : quote_name(name.schema) + "." + quote_name(name.table);
}

std::string shown_table(const TableName& name) {
  const auto shown = [](const std::string& part) {
    return is_plain(part) ? part : quote_name(part);
  };
  return name.schema.empty() ? shown(name.table) : shown(name.schema) + "." + shown(name.table);
}

}  // namespace cordyna::data
