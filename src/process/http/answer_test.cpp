#include "process/http/answer.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "ports/launch.hpp"

namespace cordyna::web {
namespace {

namespace fs = std::filesystem;

class AnswerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "cordyna-answer-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  Result<AnswerOutputs> outputs(const std::string& text, const std::string& type,
                                std::uint64_t bytes_max = 1 << 24) {
    http::Response response;
    response.status = 200;
    response.headers = {{"Content-Type", type}};
    AnswerBody body(folder_, bytes_max);
    TRY(body.begin(response));
    for (std::size_t at = 0; at < text.size(); at += 100'000) {
      TRY(body.take(std::string_view(text).substr(at, 100'000)));
    }
    return outputs_of(response, body, secrets_);
  }
  [[nodiscard]] std::string file() const {
    std::ifstream in(folder_ + "/body", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] std::string as_file() const { return "\"body_file\":\"" + folder_ + "/body\""; }

  std::string folder_;
  StepSecrets secrets_;
};

TEST_F(AnswerTest, JsonBecomesAValueAndTextStaysText) {
  EXPECT_EQ(outputs(R"({"a":[1]})", "application/problem+json; charset=utf-8")->json,
            R"({"status":200,"headers":{"content-type":"application/problem+json; charset=utf-8"},)"
            R"("json":{"a":[1]}})");
  EXPECT_EQ(outputs("{\"a\":1}", "text/plain")->json,
            R"({"status":200,"headers":{"content-type":"text/plain"},"body":"{\"a\":1}"})");
}

TEST_F(AnswerTest, WhatOnlySaysThatItIsJsonIsTextWithAWordInTheLog) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  for (const std::string& text : {std::string("{no"), deep}) {
    const auto made = outputs(text, "application/json");
    ASSERT_TRUE(made.has_value());
    EXPECT_NE(made->json.find("\"body\":\"" + text + "\""), std::string::npos);
    EXPECT_NE(made->said.find("says that it is JSON"), std::string::npos);
  }
  EXPECT_EQ(outputs("", "application/json")->said, "");
}

TEST_F(AnswerTest, WhatIsTooLargeForOutputsOrNoTextBecomesAnArtifact) {
  const std::string large(kOutputsBytesMax, 'x');
  // One byte within as text, six as JSON.
  const std::string grows(kOutputsBytesMax / 3, '\x01');
  const std::string no_text = "\xff\xfe";
  for (const std::string& text : {large, grows, no_text}) {
    const auto made = outputs(text, "text/plain");
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_NE(made->json.find(as_file()), std::string::npos) << made->json.substr(0, 200);
    EXPECT_EQ(made->json.find("\"body\":"), std::string::npos);
    EXPECT_NE(made->said.find("artifact 'body'"), std::string::npos);
    EXPECT_EQ(file(), text);
    fs::remove(folder_ + "/body");
  }
}

TEST_F(AnswerTest, MoreThanTheLimitIsAnErrorAndLeavesNothing) {
  const auto made = outputs(std::string(3'000'000, 'x'), "text/plain", 2'000'000);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(made.error().message.find("transfer.max_size"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ + "/body"));
  http::Response response;
  response.length = 11;
  AnswerBody body(folder_, 10);
  EXPECT_FALSE(body.begin(response).has_value());
}

TEST_F(AnswerTest, SecretsThatItRepeatsAreHidden) {
  secrets_.masks = {"s3\"cret", "12345"};
  const auto made =
      outputs(R"({"s3\"cret":["a s3\"cret",12345,123456789],"n":1})", "application/json");
  ASSERT_TRUE(made.has_value());
  EXPECT_NE(made->json.find(R"("json":{"***":["a ***","***","***6789"],"n":1})"), std::string::npos)
      << made->json;
  EXPECT_NE(outputs("x 12345", "text/plain")->json.find(R"("body":"x ***")"), std::string::npos);
}

TEST_F(AnswerTest, AFileThatCannotBeWrittenSaysSo) {
  std::ofstream(folder_ + "/body") << "mine";
  const auto made = outputs(std::string(2'000'000, 'x'), "text/plain");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(file(), "mine");
}

}  // namespace
}  // namespace cordyna::web
