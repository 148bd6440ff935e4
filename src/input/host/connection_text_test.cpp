#include "input/host/connection_text.hpp"

#include <gtest/gtest.h>

namespace cordyna::input {
namespace {

TEST(ConnectionTextTest, IsWhatLibpqTakes) {
  const char* json =
      R"({"type":"postgres","name":"w","host":"/run/a b","port":5433,"database":"it's",)"
      R"("user":"ann","password":{"secret":"PG"},"sslmode":"require",)"
      R"("options":{"search_path":"a, b","work_mem":"4MB"}})";
  EXPECT_EQ(connection_text(json, R"(p'\w)").value(),
            R"(host='/run/a b' port='5433' dbname='it\'s' user='ann' sslmode='require' )"
            R"(password='p\'\\w' options='-c search_path=a,\\ b -c work_mem=4MB')");
  EXPECT_EQ(connection_text(R"({"type":"postgres"})", "").value(), "");
  EXPECT_EQ(connection_text("x", "").error().code, ErrorCode::kInvalidArgument);
}

TEST(ConnectionTextTest, NamesTheSecretOfItsPassword) {
  EXPECT_EQ(password_secret(R"({"password":{"secret":"PG"}})"), "PG");
  EXPECT_EQ(password_secret(R"({"user":"ann"})"), "");
  EXPECT_EQ(password_secret("x"), "");
}

}  // namespace
}  // namespace cordyna::input
