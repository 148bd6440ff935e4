#include "docker/json_field.hpp"

#include <boost/json.hpp>

namespace cordyna::docker {

const boost::json::value* field(const boost::json::object& object, std::string_view key) {
  return object.if_contains({key.data(), key.size()});
}

std::string text_field(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = field(object, key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(value->get_string());
}

}  // namespace cordyna::docker
