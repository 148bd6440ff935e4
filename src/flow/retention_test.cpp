#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "flow/retention_file.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

class RetentionTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/retention.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name);
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<Retention> read(const std::string& text) {
    std::ofstream(folder_ / "cordyna.yaml") << text;
    fs::create_directories(folder_ / "flows");
    return read_retention(folder_ / "flows");
  }
  std::string problems(const std::string& text) {
    const auto found = read(text);
    return found.has_value() ? "" : found.error().message;
  }
  [[nodiscard]] std::string at(const std::string& place) const {
    return (folder_ / "cordyna.yaml").string() + ":" + place;
  }

  fs::path folder_;
};

TEST_F(RetentionTest, KeepsAllUnlessTheFileSaysOtherwise) {
  EXPECT_EQ(read_retention(folder_), Retention{});
  for (const char* text :
       {"", "\n", "# nothing\n", "pools: {warehouse: {slots: 3}}\n", "retention: {}\n"}) {
    EXPECT_EQ(problems(text), "") << text;
    EXPECT_TRUE(read(text).value().empty()) << text;
  }
}

TEST_F(RetentionTest, ReadsAllRules) {
  const auto found = read(R"(retention:
  runs: {age: 90d, count: 10000, size: 50GB}
  logs: {age: 30d, size: 1GiB}
  artifacts: {age: 14d}
  cache: {size: 500MB}
  ticks: {age: 1h}
)");
  ASSERT_TRUE(found.has_value()) << found.error().message;
  constexpr Millis kDay = 86'400'000;
  EXPECT_EQ(found->runs, (RetentionRule{90 * kDay, 10'000, 50'000'000'000}));
  EXPECT_EQ(found->logs, (RetentionRule{30 * kDay, 0, 1U << 30}));
  EXPECT_EQ(found->artifacts, (RetentionRule{14 * kDay, 0, 0}));
  EXPECT_EQ(found->cache, (RetentionRule{0, 0, 500'000'000}));
  EXPECT_EQ(found->ticks, (RetentionRule{3'600'000, 0, 0}));
}

TEST_F(RetentionTest, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(problems("retention:\n  run: {age: 1d}\n"),
            at("2:3: error: unknown key 'run' in 'retention' (unknown_key); did you mean 'runs'?"));
  EXPECT_EQ(problems("retention:\n  logs: {count: 3}\n").substr(0, at("2:10: error:").size()),
            at("2:10: error:"));
  EXPECT_NE(problems("retention: {runs: {age: soon, count: 0}}\n").find(at("1:25: error:")),
            std::string::npos);
  EXPECT_NE(problems("retention: {runs: {age: soon, count: 0}}\n").find(at("1:38: error:")),
            std::string::npos);
  EXPECT_NE(problems("retention: [a]\n").find(at("1:12: error:")), std::string::npos);
  EXPECT_NE(problems("- a\n").find(at("1:1: error:")), std::string::npos);
}

}  // namespace
}  // namespace cordyna::flow
