// Random worlds: files come, change, move and go, the input falls over, the kernel loses what it
// had to tell. Whatever is there once all is quiet has had one event, and none has had two.
#include <random>
#include <set>

#include "input/file/file_fixture.hpp"

namespace cordyna::input {
namespace {

namespace fs = std::filesystem;

constexpr int kSeeds = 40;
constexpr int kSteps = 40;

class FileWorld : public FileTest, public ::testing::WithParamInterface<int> {
 protected:
  std::size_t draw(std::size_t below) { return random_() % below; }

  std::string some_path() {
    const std::string name(1, static_cast<char>('a' + draw(6)));
    return draw(3) == 0 ? std::string(draw(2) == 0 ? "x/" : "y/") + name : name;
  }

  /// Each version has a size of its own, so that an event says which it is of.
  void write_some(bool by_rename) {
    const std::string path = some_path();
    const std::string text(static_cast<std::size_t>(++size_), '.');
    if (!by_rename) return write(path, text);
    write(path + ".tmp", text);
    rename(path + ".tmp", path);
  }

  void move_some() {
    const std::string from = draw(4) == 0 ? "x" : some_path();
    const std::string to = from == "x" ? "y" : some_path();
    std::error_code error;  // what is not there is not moved
    fs::create_directories(at(to).parent_path(), error);
    if (from == "x") fs::remove_all(at("y"), error);
    fs::rename(at(from), at(to), error);
  }

  void happen(bool in_place) {
    switch (draw(in_place ? 8 : 6)) {
      case 0:
      case 1: return write_some(true);
      case 2: fs::remove(at(some_path())); return;
      case 3: sink->fall_in(static_cast<int>(draw(4)), draw(2) == 0); return;
      case 4: events->loses = true; return;
      case 5: return in_place ? move_some() : write_some(true);
      default: return write_some(false);
    }
  }

  /// As a server does: an input that ended is begun again.
  void live(Millis time) {
    for (int i = 0; i < 50; ++i) {
      if (pass(time).has_value()) return;
      while (!begin().has_value() && ++i < 50) continue;
    }
    FAIL() << "it ends again and again";
  }

  void begin_again() {
    if (begin().has_value()) return;
    begin_well();
  }

  std::map<std::string, std::int64_t> files_in(const fs::path& folder) const {
    std::map<std::string, std::int64_t> found;
    for (const auto& one : fs::recursive_directory_iterator(folder)) {
      if (!one.is_regular_file()) continue;
      found[fs::relative(one.path(), folder).string()] = static_cast<std::int64_t>(one.file_size());
    }
    return found;
  }

 private:
  std::mt19937_64 random_{static_cast<std::uint64_t>(GetParam())};
  std::int64_t size_ = 0;
};

std::int64_t size_of(const Event& event) {
  return boost::json::parse(event.data).at("size").to_number<std::int64_t>();
}

/// What is there, as events say; a version is never told twice in a row.
std::map<std::string, std::int64_t> as_told(const std::vector<Event>& events) {
  std::map<std::string, std::int64_t> there;
  for (const Event& event : events) {
    const auto present = there.find(event.id);
    if (event.operation == Operation::kDelete) {
      EXPECT_TRUE(present != there.end()) << event.id;
      there.erase(event.id);
      continue;
    }
    const bool known = present != there.end();
    EXPECT_EQ(event.operation, known ? Operation::kUpdate : Operation::kCreate) << event.id;
    if (known) EXPECT_NE(present->second, size_of(event)) << event.id;
    there[event.id] = size_of(event);
  }
  return there;
}

TEST_P(FileWorld, WhatIsThereOnceAllIsQuietWasToldOnce) {
  options.operations = {};
  options.recursive = true;
  begin_well();
  for (int i = 0; i < kSteps; ++i) {
    for (std::size_t j = draw(4); j > 0; --j) happen(true);
    if (draw(8) == 0) begin_again();
    live(static_cast<Millis>(draw(4'000)));
    if (draw(10) != 0) continue;
    live(65'000);
    ASSERT_EQ(as_told(kept.events), files_in(options.folder)) << "replay: seed " << GetParam();
  }
  live(65'000);
  EXPECT_EQ(as_told(kept.events), files_in(options.folder)) << "replay: seed " << GetParam();
  std::set<std::string> keys;
  for (const Event& event : kept.events) keys.insert(event.key);
  EXPECT_EQ(keys.size(), kept.events.size());
  EXPECT_EQ(kept.marks.size(), files_in(options.folder).size());
}

TEST_P(FileWorld, WhatIsArchivedWasToldOnceAndLiesWhereItsEventSays) {
  options.recursive = true;
  options.archive = (base / "done").string();
  begin_well();
  for (int i = 0; i < kSteps; ++i) {
    for (std::size_t j = draw(4); j > 0; --j) happen(false);
    if (draw(8) == 0) begin_again();
    live(static_cast<Millis>(draw(4'000)));
  }
  live(65'000);
  EXPECT_TRUE(files_in(options.folder).empty()) << "replay: seed " << GetParam();
  EXPECT_TRUE(kept.marks.empty());
  std::map<std::string, std::int64_t> told_of;
  for (const Event& event : kept.events) {
    EXPECT_EQ(event.operation, Operation::kCreate);
    const std::string path = fs::relative(event.location, options.archive).string();
    EXPECT_TRUE(told_of.emplace(path, size_of(event)).second) << path << ": told twice";
  }
  // One that was put there and replaced before its event was kept has none.
  const std::map<std::string, std::int64_t> archived = files_in(options.archive);
  EXPECT_TRUE(std::ranges::includes(archived, told_of)) << "replay: seed " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Seeds, FileWorld, ::testing::Range(1, kSeeds + 1));

}  // namespace
}  // namespace cordyna::input
