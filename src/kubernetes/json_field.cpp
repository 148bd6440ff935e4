#include "kubernetes/json_field.hpp"

#include <boost/json.hpp>

namespace cordyna::kubernetes {

namespace json = boost::json;

const json::value* value_at(const json::value& from, Path path) {
  const json::value* at = &from;
  for (const std::string_view key : path) {
    const json::object* object = at->if_object();
    at = object == nullptr ? nullptr : object->if_contains({key.data(), key.size()});
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string text_at(const json::value& from, Path path) {
  const json::value* value = value_at(from, path);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<std::int64_t> number_at(const json::value& from, Path path) {
  const json::value* value = value_at(from, path);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

bool flag_at(const json::value& from, Path path) {
  const json::value* value = value_at(from, path);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::array* list_at(const json::value& from, Path path) {
  const json::value* value = value_at(from, path);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace cordyna::kubernetes
