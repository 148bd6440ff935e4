/// A real folder, and a clock that tests move.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "input/file/file_reading.hpp"
#include "input/kept_sink_fixture.hpp"

namespace cordyna::input {

/// inotify, of which a test may lose something.
class LossyEvents final : public FolderEvents {
 public:
  explicit LossyEvents(bool watches = true) : watches_(watches) {}

  bool watch(std::string_view path, int folder) override {
    return watches_ && inotify_.watch(path, folder);
  }
  std::string problem() const override { return "nothing is watched"; }
  void forget(std::string_view path) override { inotify_.forget(path); }
  Result<std::vector<Heard>> take() override {
    auto all = inotify_.take();
    if (!all.has_value() || !loses) return all;
    loses = false;
    return std::vector<Heard>{{HeardOf::kLost}};
  }
  int descriptor() const override { return inotify_.descriptor(); }

  bool loses = false;

 private:
  bool watches_;
  Inotify inotify_;
};

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string made = (std::filesystem::temp_directory_path() / "file-input-XXXXXX").string();
    EXPECT_NE(::mkdtemp(made.data()), nullptr);
    base = std::filesystem::canonical(made);
    options.folder = (base / "in").string();
    std::filesystem::create_directory(options.folder);
  }
  ~FileTest() override {
    reading.reset();
    std::filesystem::remove_all(base);
  }
  FileTest(const FileTest&) = delete;
  FileTest& operator=(const FileTest&) = delete;

  /// As a program that is started. What was there of an earlier one is gone.
  Result<> begin(bool watches = true) {
    reading.reset();
    sink = std::make_unique<KeptSink>(kept);
    auto made = std::make_unique<LossyEvents>(watches);
    events = made.get();
    reading = std::make_unique<FileReading>(
        options, *sink, std::move(made), [] { return Millis{1'700'000'000'000}; },
        std::stop_token());
    return reading->begin(now);
  }

  /// Time goes by, and all is done that is due until then.
  Result<> pass(Millis time) {
    const Millis until = now + time;
    for (int i = 0; i < 100'000; ++i) {
      TRY_ASSIGN(const Millis next, reading->step(now));
      if (next <= now) continue;
      if (now >= until) return {};
      now = std::min(next, until);
    }
    return fail(ErrorCode::kInternal, "it has always something to do");
  }
  void pass_well(Millis time) {
    const auto done = pass(time);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  void begin_well() {
    const auto done = begin();
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }

  [[nodiscard]] std::filesystem::path at(std::string_view path) const {
    return std::filesystem::path(options.folder) / path;
  }
  void write(std::string_view path, std::string_view text) const {
    std::filesystem::create_directories(at(path).parent_path());
    std::ofstream(at(path), std::ios::binary) << text;
  }
  void rename(std::string_view from, std::string_view to) const {
    std::filesystem::rename(at(from), at(to));
  }

  /// "create a.csv 3", of those since the last call, in order of the text.
  std::vector<std::string> told() {
    std::vector<std::string> lines;
    for (; seen_ < kept.events.size(); ++seen_) {
      const Event& event = kept.events[seen_];
      const boost::json::value data = boost::json::parse(event.data);
      lines.push_back(std::string(to_string(event.operation)) + ' ' + event.id + ' ' +
                      std::to_string(data.at("size").to_number<std::int64_t>()));
    }
    std::ranges::sort(lines);
    return lines;
  }

  using Lines = std::vector<std::string>;

  std::filesystem::path base;
  FileOptions options;
  Kept kept;
  Millis now = 1'000;
  std::unique_ptr<KeptSink> sink;
  std::unique_ptr<FileReading> reading;
  LossyEvents* events = nullptr;

 private:
  std::size_t seen_ = 0;
};

}  // namespace cordyna::input
