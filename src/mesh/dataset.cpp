#include "mesh/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <filesystem>

namespace cordyna::mesh {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const found = object.if_contains(json::string_view(name.data(), name.size()));
  if (found == nullptr) return {};
  if (found->is_string()) return std::string(found->get_string());
  return found->is_int64() ? fmt::format("{}", found->get_int64()) : std::string();
}

/// The first of them stands for the cluster.
std::string brokers_of(const json::object& connection) {
  const json::value* const found = connection.if_contains("brokers");
  if (found == nullptr) return "*";
  if (!found->is_array()) return text_of(connection, "brokers");
  const json::array& list = found->get_array();
  return list.empty() || !list[0].is_string() ? "*" : std::string(list[0].get_string());
}

/// "data/{{ inputs.county }}.csv" is "data/*.csv".
std::string without_templates(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t begin = text.find("{{");
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    const std::size_t end = text.find("}}", begin);
    if (!out.ends_with('*')) out += '*';
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 2);
  }
}

/// Whether a text without "*" is one that the pattern allows.
bool fits(std::string_view text, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
    if (fits(text.substr(skipped), pattern)) return true;
  }
  return false;
}

/// A path of a file that one connection is: sqlite, duckdb.
std::string absolute(std::string_view path, std::string_view folder) {
  const std::filesystem::path named(path);
  const auto whole = named.is_absolute() ? named : std::filesystem::path(folder) / named;
  return whole.lexically_normal().string();
}

}  // namespace

bool may_be(std::string_view made, std::string_view read) {
  if (read.ends_with('/') && made.starts_with(read)) return true;
  const bool open = made.find('*') != std::string_view::npos;
  if (!open) return fits(made, read);
  if (read.find('*') == std::string_view::npos) return fits(read, made);
  // Both leave something open: the fronts must agree, as far as both have one.
  const std::string_view first = made.substr(0, made.find('*'));
  const std::string_view second = read.substr(0, read.find('*'));
  return first.starts_with(second) || second.starts_with(first);
}

Dataset file_dataset(std::string_view named, std::string_view folder) {
  Dataset data;
  data.name = without_templates(named.substr(0, named.find('?')));
  const bool remote = data.name.find("://") != std::string::npos;
  data.id = remote ? data.name : "file:" + absolute(data.name, folder);
  return data;
}

std::string place_of(const json::object& connection, std::string_view folder) {
  const std::string type = text_of(connection, "type");
  const auto part = [&](std::string_view name, std::string_view usual) {
    const std::string text = without_templates(text_of(connection, name));
    return text.empty() ? std::string(usual) : text;
  };
  if (type == "postgres") {
    return fmt::format("postgres://{}:{}/{}/", part("host", "localhost"), part("port", "5432"),
                       part("database", part("user", "*")));
  }
  if (type == "bigquery") return fmt::format("bigquery:{}.", part("project", "*"));
  if (type == "sqlite" || type == "duckdb") {
    return fmt::format("{}:{}/", type, absolute(part("database", "*"), folder));
  }
  if (type == "kafka") return fmt::format("kafka://{}/", brokers_of(connection));
  return fmt::format("{}://{}:{}/", type, part("host", "localhost"), part("port", "*"));
}

Dataset table_dataset(const json::object& connection, std::string_view table,
                      std::string_view folder) {
  Dataset data;
  const std::string plain = without_templates(table);
  std::string whole;
  std::ranges::copy_if(plain, std::back_inserter(whole), [](char c) { return c != '"'; });
  if (text_of(connection, "type") == "postgres" && whole.find('.') == std::string::npos) {
    whole = "public." + whole;
  }
  data.id = place_of(connection, folder) + whole;
  const std::string name = text_of(connection, "name");
  data.name = (name.empty() ? text_of(connection, "type") : name) + "/" + plain;
  return data;
}

}  // namespace cordyna::mesh
