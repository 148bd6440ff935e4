#include "process/cache/file_cache.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "process/cache/entries.hpp"

namespace cordyna::cache {
namespace {

namespace fs = std::filesystem;

class MapSecrets final : public Secrets {
 public:
  [[nodiscard]] Result<std::string> find(std::string_view name) const override {
    const auto found = values.find(name);
    if (found != values.end()) return found->second;
    return fail(ErrorCode::kNotFound, "secret '" + std::string(name) + "' is not set");
  }
  std::map<std::string, std::string, std::less<>> values;
};

/// What a task would be launched with.
class FakePreparer final : public Preparer {
 public:
  [[nodiscard]] std::expected<Launch, TaskError> prepare(const StartAttempt& command,
                                                         const AttemptPaths& paths) override {
    seen = command;
    Launch made = launch;
    made.argv.push_back(paths.folder + "/script");
    return made;
  }
  Launch launch{.argv = {"sh"}};
  StartAttempt seen;
};

class FileCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/file_cache.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name);
    layout_ = StateLayout((folder_ / ".cordyna").string());
    cache_ = std::make_unique<FileCache>(layout_, secrets_, clock_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static void write(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
  }

  StartAttempt command(const std::string& key = "k", RunNo run = 1, Millis age = 0) {
    auto flow = std::make_shared<Flow>();
    flow->id = "f";
    flow->ns = "team";
    flow->folder = folder_;
    TaskSpec task;
    task.id = "work";
    task.type = "shell";
    task.cache = {key, age};
    flow->tasks.push_back(task);
    StartAttempt start;
    start.key = {run, "work", 1};
    start.run_id = RunId{"run-" + std::to_string(run)};
    start.flow = flow;
    start.context = R"({"inputs":{"n":1},"run":{"number":)" + std::to_string(run) + "}}";
    return start;
  }
  std::string key(const StartAttempt& start) {
    const auto found = cache_->key(start, preparer_);
    return found.has_value() ? *found : "! " + found.error().message;
  }
  fs::path attempt(RunNo run) { return layout_.attempt_folder(run, 0, 1); }
  DoneWork work(RunNo run, std::vector<std::string> masks = {}) {
    const StartAttempt start = command("k", run);
    return {key(start), start, attempt(run), layout_.private_mark(run, 0, 1), std::move(masks)};
  }
  /// An attempt that left an output, a file, and its own folder's name in both.
  void leave(RunNo run) {
    write(attempt(run) / "outputs", R"({"file":")" + attempt(run).string() + R"(/artifacts/a"})");
    write(attempt(run) / "artifacts/sub/a.csv", "1,2");
  }
  std::optional<std::string> take(RunNo run, Millis age = 0) {
    const fs::path staged = folder_ / "staged";
    fs::remove_all(staged);
    fs::create_directories(staged);
    const StartAttempt start = command("k", run, age);
    return cache_->take(key(start), start, staged, attempt(run));
  }

  fs::path folder_;
  StateLayout layout_{""};
  MapSecrets secrets_;
  ManualClock clock_{1'000'000};
  FakePreparer preparer_;
  std::unique_ptr<FileCache> cache_;
};

TEST_F(FileCacheTest, WorkIsTheSameInEachRunAndAttempt) {
  const std::string first = key(command());
  EXPECT_EQ(first.size(), 64u) << first;
  StartAttempt later = command("k", 9);
  later.key.attempt = 4;
  EXPECT_EQ(key(later), first);
  EXPECT_EQ(preparer_.seen.run_id.value, "00000000-0000-0000-0000-000000000000");
}

TEST_F(FileCacheTest, WhatTheTaskDoesBelongsToIt) {
  const std::string first = key(command());
  EXPECT_NE(key(command("other")), first);
  EXPECT_NE(key(command("{{ inputs.n }}")), first);
  StartAttempt item = command();
  item.key.path = "each[2]/work";
  EXPECT_NE(key(item), first);
  preparer_.launch.env = {{"A", "bc"}};
  const std::string with_env = key(command());
  EXPECT_NE(with_env, first);
  preparer_.launch.env = {{"Ab", "c"}};
  EXPECT_NE(key(command()), with_env);
  preparer_.launch.env = {};
  preparer_.launch.files = {{"told.json", "of this run", true}};
  EXPECT_EQ(key(command()), first) << "what it is told of its run is not what it does";
  preparer_.launch.files = {{"script", "x"}};
  EXPECT_NE(key(command()), first);
}

TEST_F(FileCacheTest, FilesOfOtherTasksCountByWhatIsInThem) {
  write(folder_ / "1/data", "same");
  write(folder_ / "2/data", "same");
  const auto reading = [this](const std::string& path) {
    preparer_.launch.files = {{"step.json", R"({"path":")" + path + R"("})"}};
    preparer_.launch.reads = {path};
    return key(command());
  };
  const std::string first = reading((folder_ / "1/data").string());
  EXPECT_EQ(reading((folder_ / "2/data").string()), first);
  write(folder_ / "2/data", "other");
  EXPECT_NE(reading((folder_ / "2/data").string()), first);
  EXPECT_TRUE(reading((folder_ / "3/data").string()).starts_with("! cache: ")) << "it is gone";
}

TEST_F(FileCacheTest, KeysThatCannotBeMadeSayWhy) {
  EXPECT_EQ(key(command("{{ files('no/**') }}")),
            "! cache.key: files('no/**') matches no file in " + folder_.string());
  EXPECT_EQ(key(command("{{ secret('PW') }}")), "! cache.key: secret 'PW' is not set");
  secrets_.values["PW"] = "hunter2";
  const std::string with_secret = key(command("{{ secret('PW') }}"));
  EXPECT_EQ(with_secret.size(), 64u);
  secrets_.values["PW"] = "hunter3";
  EXPECT_NE(key(command("{{ secret('PW') }}")), with_secret);
}

TEST_F(FileCacheTest, GivesBackWhatWasLeft) {
  leave(1);
  ASSERT_TRUE(cache_->keep(work(1)).has_value());
  clock_.advance(3 * 3'600'000);
  fs::remove_all(attempt(1));
  EXPECT_EQ(take(2), "from cache: run 1, 3h00m old");
  EXPECT_EQ(read(folder_ / "staged/outputs"),
            R"({"file":")" + attempt(2).string() + R"(/artifacts/a"})");
  EXPECT_EQ(read(folder_ / "staged/artifacts/sub/a.csv"), "1,2");
  EXPECT_EQ(read(folder_ / "staged/log"),
            "s " + std::to_string(clock_.now()) + " from cache: run 1, 3h00m old\n");
  const auto entries = list_entries(layout_);
  ASSERT_TRUE(entries.has_value());
  ASSERT_EQ(entries->size(), 1u);
  EXPECT_EQ(entries->front().flow, "team.f");
  EXPECT_EQ(entries->front().task, "work");
}

TEST_F(FileCacheTest, AnAttemptThatLeftNothingIsWorkToo) {
  ASSERT_TRUE(cache_->keep(work(1)).has_value());
  EXPECT_EQ(take(2), "from cache: run 1, 0ms old");
  EXPECT_FALSE(fs::exists(folder_ / "staged/outputs"));
}

TEST_F(FileCacheTest, TheNewestIsKept) {
  leave(1);
  ASSERT_TRUE(cache_->keep(work(1)).has_value());
  write(attempt(2) / "outputs", "n=2\n");
  ASSERT_TRUE(cache_->keep(work(2)).has_value());
  EXPECT_EQ(take(3), "from cache: run 2, 0ms old");
  EXPECT_EQ(read(folder_ / "staged/outputs"), "n=2\n");
  for (const auto& left : fs::directory_iterator(layout_.cache_folder())) {
    EXPECT_FALSE(left.path().filename().string().starts_with('.')) << left;
  }
}

TEST_F(FileCacheTest, WorkThatIsTooOldIsNotTaken) {
  ASSERT_TRUE(cache_->keep(work(1)).has_value());
  clock_.advance(60'001);
  EXPECT_EQ(take(2, 60'000), std::nullopt);
  EXPECT_NE(take(2, 60'001), std::nullopt);
}

TEST_F(FileCacheTest, WhatWasChangedOrDamagedIsNotTakenAndGoes) {
  leave(1);
  ASSERT_TRUE(cache_->keep(work(1)).has_value());
  write(attempt(1) / "artifacts/sub/a.csv", "1,2,3");  // the same file, by a link
  EXPECT_EQ(take(2), std::nullopt);
  EXPECT_TRUE(list_entries(layout_).value().empty());
  leave(3);
  ASSERT_TRUE(cache_->keep(work(3)).has_value());
  write(fs::path(layout_.cache_folder()) / work(3).key / kEntryFile, "{");
  EXPECT_EQ(take(4), std::nullopt);
  EXPECT_FALSE(fs::exists(fs::path(layout_.cache_folder()) / work(3).key));
}

TEST_F(FileCacheTest, SecretsAndPersonalDataAreNotKept) {
  write(attempt(1) / "outputs", R"({"token":"hunter2"})");
  const auto secret = cache_->keep(work(1, {"hunter2"}));
  ASSERT_FALSE(secret.has_value());
  EXPECT_EQ(secret.error().message, "its outputs hold a secret");
  leave(2);
  write(layout_.private_mark(2, 0, 1), "");
  const auto personal = cache_->keep(work(2));
  ASSERT_FALSE(personal.has_value());
  EXPECT_EQ(personal.error().message, "its data tells about persons");
  EXPECT_TRUE(list_entries(layout_).value().empty());
  EXPECT_TRUE(!fs::exists(layout_.cache_folder()) || fs::is_empty(layout_.cache_folder()));
}

TEST_F(FileCacheTest, LeftoversGoAfterAnHour) {
  write(fs::path(layout_.cache_folder()) / ".new-1-1/outputs", "x");
  remove_leftovers(layout_, 0);
  EXPECT_TRUE(fs::exists(fs::path(layout_.cache_folder()) / ".new-1-1"));
  remove_leftovers(layout_, 9'000'000'000'000);
  EXPECT_FALSE(fs::exists(fs::path(layout_.cache_folder()) / ".new-1-1"));
}

TEST_F(FileCacheTest, EntriesAreReadAsTheyWereWritten) {
  Entry entry;
  entry.key = std::string(64, 'a');
  entry.flow = "f";
  entry.artifacts = {{"a/b", 3, 4}};
  EXPECT_EQ(parse_entry(encode(entry)).value(), entry);
  entry.artifacts = {{"../b", 3, 4}};
  EXPECT_FALSE(parse_entry(encode(entry)).has_value()) << "it leads out of its folder";
  EXPECT_FALSE(parse_entry(R"({"version":2})").has_value());
}

}  // namespace
}  // namespace cordyna::cache
