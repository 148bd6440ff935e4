#include "input/host/redis_options.hpp"

#include <boost/json.hpp>

namespace cordyna::input {
namespace {

namespace json = boost::json;

std::string redis_text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

std::int64_t redis_number(const json::object& object, std::string_view name, std::int64_t usual) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  return value != nullptr && value->is_int64() ? value->get_int64() : usual;
}

}  // namespace

Result<RedisOptions> redis_options_of(const TriggerSpec& spec, std::string_view password) {
  boost::system::error_code error;
  const json::value parsed = json::parse(spec.listen.connection, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  if (object == nullptr || redis_text(*object, "type") != "redis") {
    return fail(ErrorCode::kInvalidArgument, "the connection is not one of Redis");
  }
  RedisOptions options;
  options.host = redis_text(*object, "host");
  options.port = static_cast<std::uint16_t>(redis_number(*object, "port", options.port));
  options.database = static_cast<std::uint32_t>(redis_number(*object, "database", 0));
  const json::value* tls = object->if_contains("tls");
  options.tls = tls != nullptr && tls->is_bool() && tls->get_bool();
  options.ca_file = redis_text(*object, "ca_file");
  options.user = redis_text(*object, "user");
  options.password = password;
  options.streams = spec.redis.streams;
  options.group = spec.redis.group;
  options.format = spec.redis.json ? RedisFormat::kJson : RedisFormat::kText;
  options.start = spec.redis.only_new ? RedisStartAt::kLatest : RedisStartAt::kEarliest;
  options.claim_after = std::chrono::milliseconds(spec.redis.claim_after);
  return options;
}

}  // namespace cordyna::input
