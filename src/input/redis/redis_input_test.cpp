#include <gtest/gtest.h>

#include <functional>
#include <tuple>

#include "cordyna/redis.hpp"

namespace cordyna {
namespace {

TEST(RedisInput, OptionsThatGoTogetherAreChecked) {
  const auto refusal = [](const std::function<void(RedisOptions&)>& change) {
    RedisOptions options;
    options.host = "h";
    options.streams = {"s"};
    change(options);
    const auto made = redis_input("in", options);
    return made.has_value() ? std::string() : made.error().message;
  };
  EXPECT_EQ(refusal([](RedisOptions&) {}), "");
  const std::pair<std::function<void(RedisOptions&)>, const char*> rows[] = {
      {[](RedisOptions& o) { o.host.clear(); }, "input 'in': no host"},
      {[](RedisOptions& o) { o.host = "/s", o.tls = true; }, "no TLS"},
      {[](RedisOptions& o) { o.ca_file = "x"; }, "'ca_file' wants TLS"},
      {[](RedisOptions& o) { o.user = "u"; }, "wants a password"},
      {[](RedisOptions& o) { o.streams.clear(); }, "no stream is named"},
      {[](RedisOptions& o) { o.streams = {"a", "a"}; }, "there twice"},
      {[](RedisOptions& o) { o.streams = {std::string(600, 'x')}; }, "1 to 512 bytes"},
  };
  for (const auto& [change, wanted] : rows) {
    EXPECT_NE(refusal(change).find(wanted), std::string::npos) << wanted << refusal(change);
  }
}

TEST(RedisInput, ARegistryMakesItFromAConnectionString) {
  InputRegistry registry;
  ASSERT_TRUE(registry.add("redis", make_redis_input).has_value());
  const auto make = [&](const std::string& text, std::vector<Operation> operations = {}) {
    const auto made = registry.make({"in", "redis", text, std::move(operations)});
    return made.has_value() ? std::string() : made.error().message;
  };
  for (const char* good : {"redis://h/0/a", "rediss://u:p%40w@h:7000/3/a,b", "redis://[::1]:1/0/a",
                           "redis://:pw@h/0/a%2Cb"}) {
    EXPECT_EQ(make(good), "") << good;
  }
  for (const char* bad : {"h:6379", "redis://h", "redis://h/a", "redis://s3cret@h/0/a",
                          "redis://u:s3cret@h:x/0/a", "redis://h/0/"}) {
    EXPECT_NE(make(bad), "") << bad;
    EXPECT_EQ(make(bad).find("s3cret"), std::string::npos);
  }
  EXPECT_NE(make("redis://h/0/a", {Operation::kDelete}).find("create; not delete"),
            std::string::npos);
}

}  // namespace
}  // namespace cordyna
