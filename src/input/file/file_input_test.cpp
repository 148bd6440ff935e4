#include "cordyna/file.hpp"

#include <thread>

#include "input/file/file_fixture.hpp"

namespace cordyna::input {
namespace {

using std::chrono::milliseconds;

std::string refusal_of(const FileOptions& options) {
  const auto made = file_input("in", options);
  if (made.has_value()) return {};
  EXPECT_EQ(made.error().code, ErrorCode::kInvalidArgument);
  return made.error().message;
}

TEST(FileInput, WhatItCannotListenToIsRefused) {
  FileOptions options;
  options.folder = "/in/";
  EXPECT_EQ(refusal_of(options), "");
  for (const char* folder : {"", "in", "/", "/../"}) {
    options.folder = folder;
    EXPECT_TRUE(refusal_of(options).contains("'folder' must be the absolute path")) << folder;
  }
  options.folder = "/in";
  options.archive = "/x/../in/";
  EXPECT_TRUE(refusal_of(options).contains("'archive' is the folder itself"));
  options.archive = "done";
  EXPECT_TRUE(refusal_of(options).contains("'archive' must be"));
  options.archive = "";
  options.files = {"[a"};
  EXPECT_TRUE(refusal_of(options).contains("'files'"));
  options.files = {};
  options.operations = {Operation::kRead};
  EXPECT_TRUE(refusal_of(options).contains("create, update and delete; not read"));
  options.operations = {};
  options.settle = milliseconds(1);
  EXPECT_TRUE(refusal_of(options).contains("'settle'"));
  options.settle = milliseconds(10);
  options.rescan = milliseconds(1);
  EXPECT_TRUE(refusal_of(options).contains("'rescan'"));
  options.rescan = milliseconds(100);
  options.max_files = kFilesMax + 1;
  EXPECT_TRUE(refusal_of(options).contains("'max_files'"));
}

TEST(FileInput, AConnectionStringIsAFolderAndAPattern) {
  for (const char* text : {"/in", "/in/", "/in/*.csv", "/in/[a-z]*"}) {
    EXPECT_TRUE(make_file_input({.name = "f", .type = "file", .connection_string = text})) << text;
  }
  for (const char* text : {"", "in", "*.csv", "/in/[a"}) {
    EXPECT_FALSE(make_file_input({.name = "f", .type = "file", .connection_string = text})) << text;
  }
}

class FileInputTest : public FileTest {};

TEST_F(FileInputTest, ItListensUntilItIsStopped) {
  options.settle = milliseconds(10);
  KeptSink waited(kept);
  const std::unique_ptr<Input> input = file_input("in", options).value();
  Result<> ended = fail(ErrorCode::kInternal, "it did not end");
  {
    const std::jthread thread(
        [&](const std::stop_token& stop) { ended = input->handle(stop, waited); });
    waited.wait([&] { return waited.sends() >= 2; });  // it has begun
    write("a", "1");
    waited.wait([&] { return waited.sends() >= 3; });
  }
  EXPECT_TRUE(ended.has_value());
  EXPECT_EQ(kept.events.size(), 1U);
}

TEST_F(FileInputTest, AFolderThatIsNotThereIsItsError) {
  options.folder += "/missing";
  KeptSink waited(kept);
  const auto ended = file_input("in", options).value()->handle({}, waited);
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(ended.error().message.contains(options.folder)) << ended.error().message;
}

}  // namespace
}  // namespace cordyna::input
