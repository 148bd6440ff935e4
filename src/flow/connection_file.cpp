#include "flow/connection_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "base/words.hpp"
#include "flow/connection_keys.hpp"
#include "flow/json_text.hpp"
#include "flow/project_folder.hpp"
#include "flow/text_file.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kConnectionBytesMax = std::size_t{64} << 10;
constexpr std::string_view kFolderName = "connections";

/// A secret that somebody wrote down is not repeated in a message.
bool check_secrets(const Node& connection, Reporter& reporter) {
  bool good = true;
  for (const std::string_view key :
       {"password", "access_key", "secret_key", "session_token", "key"}) {
    const Node* value = connection.find(key);
    if (value == nullptr || value->kind == NodeKind::kMap) continue;
    const std::string_view what = key == "password" ? "password" : "key";
    reporter.error(*value, Code::kBadValue,
                   fmt::format("a {} does not stand in a file: write {}: {{secret: NAME}}, and "
                               "give the value as DYNA_SECRET_NAME",
                               what, key));
    good = false;
  }
  return good;
}

/// What one key alone does not tell.
bool check_kafka(const Node& connection, Reporter& reporter) {
  const Node* tls = connection.find("tls");
  const Node* mechanism = connection.find("mechanism");
  const bool encrypted = tls != nullptr && tls->text == "true";
  if (mechanism != nullptr && mechanism->text == "plain" && !encrypted) {
    reporter.error(*mechanism, Code::kBadValue,
                   "'plain' sends the password as it is; set 'tls: true', or use scram-sha-512");
    return false;
  }
  for (const auto& [key, other] :
       {std::pair("user", "password"), std::pair("password", "user"),
        std::pair("mechanism", "user"), std::pair("certificate_file", "key_file"),
        std::pair("key_file", "certificate_file")}) {
    const Node* given = connection.find(key);
    if (given == nullptr || connection.find(other) != nullptr) continue;
    reporter.error(*given, Code::kMissingKey, fmt::format("'{}' wants '{}' beside it", key, other));
    return false;
  }
  for (const char* key : {"ca_file", "certificate_file"}) {
    const Node* given = connection.find(key);
    if (given == nullptr || encrypted) continue;
    reporter.error(*given, Code::kBadValue, fmt::format("'{}' wants 'tls: true'", key));
    return false;
  }
  return true;
}

bool check_redis(const Node& connection, Reporter& reporter) {
  const Node* tls = connection.find("tls");
  const Node* user = connection.find("user");
  const Node* ca_file = connection.find("ca_file");
  const bool encrypted = tls != nullptr && tls->text == "true";
  if (user != nullptr && connection.find("password") == nullptr) {
    reporter.error(*user, Code::kMissingKey, "'user' wants 'password' beside it");
    return false;
  }
  if (ca_file != nullptr && !encrypted) {
    reporter.error(*ca_file, Code::kBadValue, "'ca_file' wants 'tls: true'");
    return false;
  }
  const Node* host = connection.find("host");
  if (encrypted && host->text.starts_with('/')) {
    reporter.error(*tls, Code::kBadValue, "a Unix socket has no TLS; leave 'tls' out");
    return false;
  }
  return true;
}

/// A connection that is fine, but not for what wants it.
bool check_type(const Node& connection, const ConnectionKind& wanted, Reporter& reporter) {
  const Node* type = connection.find("type");
  if (type == nullptr || type->text == wanted.name) return true;
  const bool known = std::ranges::count(connection_kinds(), type->text, &ConnectionKind::name) > 0;
  if (known) {
    reporter.error(*type, Code::kBadValue,
                   fmt::format("this is a connection of type {}; one of type {} is wanted here",
                               quoted(type->text), quoted(wanted.name)));
  }
  return !known;
}

/// The types that will do where several do; empty: one alone does.
std::span<const ConnectionType> choices_of(ConnectionType type) {
  static constexpr std::array kDatabases{ConnectionType::kPostgres, ConnectionType::kSqlite,
                                         ConnectionType::kDuckdb};
  static constexpr std::array kWithTables{ConnectionType::kPostgres, ConnectionType::kBigquery};
  if (type == ConnectionType::kDatabase) return kDatabases;
  if (type == ConnectionType::kTables) return kWithTables;
  return {};
}

/// Which of the types it is. Nullopt: none of them, which was reported.
std::optional<ConnectionType> chosen_type(const Node& connection,
                                          std::span<const ConnectionType> choices,
                                          Reporter& reporter) {
  const Node* type = connection.find("type");
  std::string all;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const ConnectionKind& kind = connection_kinds()[static_cast<std::size_t>(choices[i])];
    if (type != nullptr && type->text == kind.name) return choices[i];
    all += fmt::format("{}{}", i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ", kind.name);
  }
  if (type == nullptr) {
    reporter.error(connection, Code::kMissingKey, "a connection has a 'type': " + all);
  } else {
    reporter.error(
        *type, Code::kBadValue,
        fmt::format("a connection of type {} is wanted here, not {}", all, quoted(type->text)));
  }
  return std::nullopt;
}

std::optional<std::string> read_connection(const Node& node, std::string_view what,
                                           ConnectionType type, Reporter& reporter) {
  if (const auto choices = choices_of(type); !choices.empty()) {
    type = ConnectionType::kPostgres;  // it is no map at all
    if (node.kind == NodeKind::kMap) {
      const std::optional<ConnectionType> found = chosen_type(node, choices, reporter);
      if (!found.has_value()) return std::nullopt;
      type = *found;
    }
  }
  Uses uses;
  ValueReader reader(reporter, uses);
  const ConnectionKind& kind = connection_kinds()[static_cast<std::size_t>(type)];
  if (!reader.is_map(node, what) || !check_secrets(node, reporter) ||
      !check_type(node, kind, reporter)) {
    return std::nullopt;
  }
  std::string json;
  if (!reader.read_object(node, kind.keys, what, json)) return std::nullopt;
  if (type == ConnectionType::kKafka && !check_kafka(node, reporter)) return std::nullopt;
  if (type == ConnectionType::kRedis && !check_redis(node, reporter)) return std::nullopt;
  const Node* options = node.find("options");
  if (options == nullptr) return json;
  for (const Node* key = options->first; key != nullptr; key = key->next->next) {
    if (key->text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "0123456789_.") == std::string_view::npos) {
      continue;
    }
    reporter.error(*key, Code::kBadKey,
                   fmt::format("{} is no name of a setting; those have letters, digits, '_' and "
                               "'.'",
                               quoted(key->text)));
    return std::nullopt;
  }
  return json;
}

/// "warehouse" of "warehouse/gold.listings"; empty: it has not the form of a table's target.
std::string_view connection_of(std::string_view target) {
  const std::size_t slash = target.find('/');
  if (slash == std::string_view::npos || slash + 1 == target.size()) return {};
  const std::string_view name = target.substr(0, slash);
  const bool more = target.find('/', slash + 1) != std::string_view::npos;
  return is_id(name) && name.find("..") == std::string_view::npos && !more ? name
                                                                           : std::string_view();
}

}  // namespace

bool has_file_ending(std::string_view target) {
  for (const std::string_view ending : {".parquet", ".csv", ".json", ".jsonl"}) {
    if (target.ends_with(ending)) return true;
  }
  return false;
}

std::string ConnectionFiles::path_of(std::string_view name) {
  if (folder_.empty()) folder_ = fmt::format("{}/{}", project_folder(flow_folder_), kFolderName);
  return fmt::format("{}/{}.yaml", folder_, name);
}

bool ConnectionFiles::exists(std::string_view name) {
  std::error_code error;
  return fs::exists(path_of(name), error);
}

std::optional<std::string> ConnectionFiles::read(const Node& value, ConnectionType type,
                                                 Reporter& reporter) {
  if (value.kind == NodeKind::kMap) return read_connection(value, "connection", type, reporter);
  if (!value.is_scalar() || !is_id(value.text)) {
    const bool has_template = value.is_scalar() && tmpl::has_template(value.text);
    reporter.error(value, has_template ? Code::kTemplateNotAllowed : Code::kWrongType,
                   has_template
                       ? "a connection is read when the flow is; its name has no template"
                       : "'connection' wants the name of a file in connections/, without .yaml");
    return std::nullopt;
  }
  return load(value, value.text, type, reporter);
}

std::optional<std::string> ConnectionFiles::load(const Node& at, std::string_view name,
                                                 ConnectionType type, Reporter& reporter) {
  const std::pair key(std::string(name), type);
  const auto found = loaded_.find(key);
  if (found != loaded_.end()) return found->second;
  return loaded_.emplace(key, read_file(at, name, type, reporter)).first->second;
}

std::optional<std::string> ConnectionFiles::read_file(const Node& at, std::string_view name,
                                                      ConnectionType type, Reporter& reporter) {
  const std::string path = path_of(name);
  const auto text = read_text_file(path, kConnectionBytesMax);
  if (!text.has_value()) {
    const bool missing = text.error().code == ErrorCode::kNotFound;
    reporter.error(
        at, Code::kConnectionFile,
        missing ? fmt::format("there is no connection {}: {} does not exist", quoted(name), path)
                : fmt::format("the connection's file {}", text.error().message));
    return std::nullopt;
  }
  Reporter own(reporter.findings(), path, *text);
  YamlTree tree;
  const Node* root = tree.load(*text, own);
  if (root == nullptr) return std::nullopt;
  if (const Node* given = root->find("name"); given != nullptr && given->text != name) {
    own.error(
        *given, Code::kBadValue,
        fmt::format("a connection has the name of its file, {}; leave 'name' out", quoted(name)));
    return std::nullopt;
  }
  std::optional<std::string> json = read_connection(*root, "connection", type, own);
  if (!json.has_value()) return std::nullopt;
  if (root->find("name") != nullptr) return json;
  // Messages call it by its name, wherever the flow is taken up again.
  std::string named = R"({"name":)";
  append_json_string(named, name);
  YamlTree again;
  const auto sorted = again.load_json(named + "," + json->substr(1));
  return sorted.has_value() ? read_connection(**sorted, "connection", type, own) : std::nullopt;
}

bool ConnectionFiles::report_file_target(const Node& value, Reporter& reporter) {
  const std::string_view to = value.text;
  if (has_file_ending(to) || to.ends_with("}}")) return true;
  const bool place = to.find("://") != std::string_view::npos;
  reporter.error(
      value, place ? Code::kNotYet : Code::kBadValue,
      place ? fmt::format("sharing to {} is not supported by this version; name a .parquet, .csv, "
                          ".json or .jsonl file",
                          quoted(to))
            : fmt::format("'to' ends in .parquet, .csv, .json or .jsonl, or is CONNECTION/TABLE, "
                          "not {}",
                          quoted(to)));
  return false;
}

std::optional<ConnectionFiles::Target> ConnectionFiles::read_text_target(const Node& value,
                                                                         Reporter& reporter,
                                                                         Uses& uses) {
  ValueReader reader(reporter, uses);
  std::string json;
  if (!reader.read(value, KeySpec{.kind = ValueKind::kTemplate}, "to", json)) return std::nullopt;
  const std::string_view name = connection_of(value.text);
  const bool is_file = has_file_ending(value.text);
  const bool open = tmpl::has_template(value.text) && value.text.ends_with("}}");
  if (name.empty() || (open && !exists(name))) {
    return report_file_target(value, reporter) ? std::optional(Target{json, ""}) : std::nullopt;
  }
  if (is_file && exists(name)) {
    const std::string_view rest = value.text.substr(name.size() + 1);
    reporter.error(value, Code::kBadValue,
                   fmt::format("{} may be a file or a table of the connection {}; write './{}' "
                               "for the file, {{connection: {}, to: {}}} for the table",
                               quoted(value.text), quoted(name), value.text, name, rest));
    return std::nullopt;
  }
  if (is_file) return Target{json, ""};
  if (!exists(name)) {
    reporter.error(value, Code::kConnectionFile,
                   fmt::format("{} has no ending of a file (.parquet, .csv, .json, .jsonl), so it "
                               "names a table of the connection {}, and {} does not exist",
                               quoted(value.text), quoted(name), path_of(name)));
    return std::nullopt;
  }
  const auto connection = load(value, name, ConnectionType::kTables, reporter);
  if (!connection.has_value()) return std::nullopt;
  Target target{"", *connection};
  append_json_string(target.to, value.text.substr(name.size() + 1));
  return target;
}

std::optional<std::string> ConnectionFiles::read_target(const Node& value,
                                                        std::span<const KeySpec> fields,
                                                        Reporter& reporter, Uses& uses) {
  JsonFields found;
  const auto written = [&found] {
    std::string out;
    append_json_object(out, found, KeyOrder::kSorted);
    return out;
  };
  if (value.kind != NodeKind::kMap) {
    auto target = read_text_target(value, reporter, uses);
    if (!target.has_value() || target->connection.empty()) {
      return target.has_value() ? std::optional(std::move(target->to)) : std::nullopt;
    }
    found = {{"connection", std::move(target->connection)}, {"to", std::move(target->to)}};
    return written();
  }
  ValueReader reader(reporter, uses);
  const Node* to = value.find("to");
  const Node* own = value.find("connection");
  if (to == nullptr || !to->is_scalar()) {
    reporter.error(value, Code::kMissingKey, "a target has no 'to'; it is required");
    return std::nullopt;
  }
  bool good = true;
  for (const Node* key = value.first; key != nullptr; key = key->next->next) {
    const KeySpec* field = find_key(fields, key->text);
    if (field == nullptr) {
      reader.unknown_key(*key, fields, {}, {}, "of a target");
      good = false;
      continue;
    }
    if (key->text == "to" && own == nullptr) continue;
    std::string json;
    if (key->text == "connection") {
      auto connection = read(*key->next, ConnectionType::kTables, reporter);
      good = good && connection.has_value();
      json = std::move(connection).value_or("");
    } else if (!reader.read(*key->next, *field, field->name, json)) {
      good = false;
    }
    found.emplace_back(field->name, std::move(json));
  }
  if (own == nullptr) {
    auto target = read_text_target(*to, reporter, uses);
    if (!target.has_value()) return std::nullopt;
    if (!target->connection.empty()) {
      found.emplace_back("connection", std::move(target->connection));
    }
    found.emplace_back("to", std::move(target->to));
  }
  return good ? std::optional(written()) : std::nullopt;
}

}  // namespace cordyna::flow
