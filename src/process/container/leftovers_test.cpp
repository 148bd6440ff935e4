#include "process/container/leftovers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "http/server_fixture.hpp"

namespace cordyna::container {
namespace {

namespace fs = std::filesystem;

class LeftoversTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-left-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
};

TEST_F(LeftoversTest, ALockIsHeldByOneAndFreeAfterwards) {
  EXPECT_FALSE(is_held(path("lock")));
  {
    const auto lock = AttemptLock::take(path("lock"));
    ASSERT_TRUE(lock.has_value());
    EXPECT_TRUE(is_held(path("lock")));
    EXPECT_EQ(AttemptLock::take(path("lock")).error().code, ErrorCode::kConflict);
  }
  EXPECT_FALSE(is_held(path("lock")));
  EXPECT_EQ(AttemptLock::take(path("no/such/folder")).error().code, ErrorCode::kUnavailable);
}

TEST_F(LeftoversTest, StatesOfTheSamePathAreToldApart) {
  EXPECT_NE(state_mark(folder_), state_mark(fs::temp_directory_path().string()));
  EXPECT_TRUE(state_mark(folder_).starts_with(folder_ + "@"));
}

TEST_F(LeftoversTest, FormerAttemptsAndThoseOfNobodyGo) {
  const auto held = AttemptLock::take(path("held"));
  ASSERT_TRUE(held.has_value());
  const auto listed = [this](const char* id, const char* task, const char* attempt,
                             const std::string& lock) {
    return std::string(R"({"Id":")") + id + R"(","Labels":{"io.cordyna.task":")" + task +
           R"(","io.cordyna.attempt":")" + attempt + R"(","io.cordyna.lock":")" + path(lock) +
           R"("}})";
  };
  const std::string list = "[" + listed("mine", "r/a", "r/a/2", "held") + "," +
                           listed("former", "r/a", "r/a/1", "held") + "," +
                           listed("lives", "r/b", "r/b/1", "held") + "," +
                           listed("orphan", "r/c", "r/c/1", "gone") + "]";
  std::set<std::string> removed;
  http::TestServer server(
      [&](const http::SeenRequest& request, int) {
        if (request.target == "/_ping") {
          return http::Reply{http::answer(200, "OK", "Api-Version: 1.41\r\n")};
        }
        if (request.method == "DELETE") {
          const std::size_t from = request.target.rfind('/') + 1;
          removed.insert(request.target.substr(from, request.target.find('?') - from));
          return http::Reply{http::answer(204, "")};
        }
        return http::Reply{http::answer(200, list)};
      },
      path("d.sock"));
  docker::Daemon daemon(path("d.sock"));
  EXPECT_EQ(remove_leftovers(daemon, "state", "r/a", "r/a/2").value_or(-1), 2);
  EXPECT_EQ(removed, (std::set<std::string>{"former", "orphan"}));
  EXPECT_NE(server.seen()[1].target.find("io.cordyna.state%3Dstate"), std::string::npos);
}

}  // namespace
}  // namespace cordyna::container
