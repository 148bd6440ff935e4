#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "process/data/data_step.hpp"
#include "process/data/files.hpp"
#include "process/data/step_fixture.hpp"

namespace cordyna::data {
namespace {

namespace fs = std::filesystem;

class ShareTest : public StepTest {
 protected:
  void SetUp() override {
    StepTest::SetUp();
    load("x", "id,s,d\n1,\"a,b\",2024-01-02\n2,,2024-01-03\n");
  }
  void load(const std::string& id, const std::string& text) {
    file(id + ".csv", text);
    ASSERT_EQ(run("load", id, R"({"from": ")" + id + R"(.csv"})"), 0) << error_message();
  }
  [[nodiscard]] std::vector<std::string> names(const std::string& folder) const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(flow_ + "/" + folder)) {
      out.push_back(entry.path().filename());
    }
    std::ranges::sort(out);
    return out;
  }
};

TEST_F(ShareTest, WritesEachFormatIntoAFolderThatIsMade) {
  ASSERT_EQ(run("share", "s", R"({"of": "x", "to": ["new/[o]*/a.csv", "new/a.json",
                "new/a.parquet"]})"),
            0)
      << error_message();
  EXPECT_EQ(content(flow_ + "/new/[o]*/a.csv"), "id,s,d\n1,\"a,b\",2024-01-02\n2,,2024-01-03\n");
  EXPECT_EQ(content(flow_ + "/new/a.json"),
            "{\"id\":1,\"s\":\"a,b\",\"d\":\"2024-01-02\"}\n"
            "{\"id\":2,\"s\":null,\"d\":\"2024-01-03\"}\n");
  EXPECT_EQ(rows("SELECT count(*) AS n FROM '" + flow_ + "/new/a.parquet'"), (Lines{R"({"n":2})"}));
  EXPECT_EQ(names("new"), (std::vector<std::string>{"[o]*", "a.json", "a.parquet"}));
  EXPECT_EQ(output("rows"), "2");
}

/// Formulas of a spreadsheet, and texts that only begin like one.
constexpr const char* kFormulaRows =
    "id,note,-a!\n1,=1+1,x\n2,@SUM(A1),x\n3,+49 171 (55)/5,x\n4,-3.5,x\n5,-2+cmd|' /C calc'!A0,x\n"
    "6,+x,=y\n7,-,x\n8,,x\n9,a=b,x\n";

TEST_F(ShareTest, FormulasInCsvAreWarnedOfUnlessOtherwiseSaid) {
  load("f", kFormulaRows);
  ASSERT_EQ(run("share", "s", R"({"of": "f", "to": ["a.csv", "a.json"]})"), 0) << error_message();
  ASSERT_EQ(report_.at("warnings"), 1);
  EXPECT_TRUE(has(report_.at("messages").as_array().at(0).as_string().c_str(),
                  "4 texts in note, 1 text in -a!, the name of column -a! would be run"));
  EXPECT_EQ(content(flow_ + "/a.csv"), kFormulaRows);
  ASSERT_EQ(run("share", "s", R"({"of": "f", "to": "a.csv", "formulas": "keep"})"), 0);
  EXPECT_EQ(report_.at("warnings"), 0);
  ASSERT_EQ(run("share", "s", R"({"of": "f", "to": ["a.json", "a.parquet"]})"), 0);
  EXPECT_EQ(report_.at("warnings"), 0) << "only CSV is opened by spreadsheets";
}

TEST_F(ShareTest, FormulasInCsvAreEscapedOrRefusedWhereSaidSo) {
  load("f", kFormulaRows);
  ASSERT_EQ(run("share", "s", R"({"of": "f", "to": "a.csv", "formulas": "escape"})"), 0)
      << error_message();
  EXPECT_EQ(content(flow_ + "/a.csv"),
            "id,note,'-a!\n1,'=1+1,x\n2,'@SUM(A1),x\n3,+49 171 (55)/5,x\n4,-3.5,x\n"
            "5,'-2+cmd|' /C calc'!A0,x\n6,'+x,'=y\n7,-,x\n8,,x\n9,a=b,x\n");
  EXPECT_TRUE(has(said_, "escaped by ' in front"));
  ASSERT_EQ(run("share", "s", R"({"of": "f", "to": "a.csv", "formulas": "fail"})"), 1);
  EXPECT_EQ(error_code(), "CHECK_FAILED");
  EXPECT_TRUE(has(error_message(), "4 texts in note"));
  EXPECT_TRUE(has(error_message(), "what was shared before is untouched"));
  EXPECT_TRUE(has(content(flow_ + "/a.csv"), "'=1+1"));
}

TEST_F(ShareTest, ReplacesWhatWasThereAndOnlyThat) {
  file("out/a.csv", "old");
  file("out/other.txt", "kept");
  ASSERT_EQ(run("share", "s", R"({"of": "x", "to": "out/a.csv"})"), 0);
  EXPECT_TRUE(has(content(flow_ + "/out/a.csv"), "id,s,d\n"));
  EXPECT_EQ(content(flow_ + "/out/other.txt"), "kept");
}

TEST_F(ShareTest, WhenOneTargetFailsNothingIsReplaced) {
  file("out/a.csv", "old");
  fs::create_directories(flow_ + "/out/dir.csv");
  EXPECT_EQ(run("share", "s", R"({"of": "x", "to": ["out/a.csv", "out/dir.csv"]})"), 1);
  EXPECT_EQ(error_code(), "SHARE_FAILED");
  EXPECT_TRUE(has(error_message(), "dir.csv is a folder, not a file; what was shared before"));
  EXPECT_EQ(content(flow_ + "/out/a.csv"), "old");
  EXPECT_EQ(names("out"), (std::vector<std::string>{"a.csv", "dir.csv"}));
}

TEST_F(ShareTest, AFolderThatIsAFileIsAnError) {
  file("blocked", "x");
  EXPECT_EQ(run("share", "s", R"({"of": "x", "to": "blocked/a.csv"})"), 1);
  EXPECT_EQ(error_code(), "SHARE_FAILED");
  EXPECT_TRUE(has(error_message(), "blocked"));
}

TEST_F(ShareTest, AFullDiskLeavesTheOldShareWhole) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full";
  const std::string from = file("from", std::string(100, 'x'));
  const Result<> copied = copy_into(from, "/dev/full");
  ASSERT_FALSE(copied.has_value());
  EXPECT_TRUE(is_no_space(copied.error())) << copied.error().message;
}

TEST_F(ShareTest, LeftoversOfDeadAttemptsGoAndThoseInUseStay) {
  file("out/.a.csv.12345.dyna-share", "half");
  file("out/.other.csv.12345.dyna-share", "not ours");
  Result<StagedFile> in_use = StagedFile::create(flow_ + "/out/a.csv");
  ASSERT_TRUE(in_use.has_value());
  const std::string used = fs::path(in_use->path()).filename();
  EXPECT_FALSE(fs::exists(flow_ + "/out/.a.csv.12345.dyna-share"));
  const pid_t child = fork();
  if (child == 0) {  // another process shares the same target meanwhile
    const Result<StagedFile> second = StagedFile::create(flow_ + "/out/a.csv");
    _exit(second.has_value() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(fs::exists(flow_ + "/out/" + used));
  EXPECT_TRUE(fs::exists(flow_ + "/out/.other.csv.12345.dyna-share"));
}

/// Killed anywhere, a share leaves the old or the new file, whole; the next one tidies up.
TEST_F(ShareTest, KilledAnywhereItLeavesTheOldOrTheNewFile) {
  std::string text = "id,s\n";
  for (int i = 0; i < 200000; ++i) text += std::to_string(i) + ",some text to make it longer\n";
  load("big", text);
  const std::string params = R"({"of": "big", "to": ["out/a.csv", "out/a.parquet"]})";
  const std::string target = flow_ + "/out/a.csv";
  file("out/a.csv", "old");
  std::mt19937_64 random(7);
  for (int round = 0; round < 12; ++round) {
    const std::string step = write_step("share", "s", params);
    const pid_t child = fork();
    if (child == 0) {
      if (freopen("/dev/null", "w", stdout) == nullptr) _exit(3);
      _exit(data_step_main(step));
    }
    usleep(static_cast<useconds_t>(random() % 250000));  // where it is hit is the point
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    const std::string found = content(target);
    EXPECT_TRUE(found == "old" || found == text) << found.size() << " bytes in round " << round;
  }
  ASSERT_EQ(run("share", "s", params), 0) << error_message();
  EXPECT_EQ(content(target), text);
  EXPECT_EQ(names("out"), (std::vector<std::string>{"a.csv", "a.parquet"}));
}

TEST_F(ShareTest, AskedToEndItRemovesWhatItStaged) {
  std::string text = "id,s\n";
  for (int i = 0; i < 400000; ++i) text += std::to_string(i) + ",some text to make it longer\n";
  load("big", text);
  file("out/a.csv", "old");
  const std::string step = write_step("share", "s", R"({"of": "big", "to": "out/a.csv"})");
  const pid_t child = fork();
  if (child == 0) {
    if (freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
    _exit(data_step_main(step));
  }
  while (names("out").size() < 2 && waitpid(child, nullptr, WNOHANG) == 0) usleep(1000);
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_EQ(content(flow_ + "/out/a.csv"), "old");
  EXPECT_EQ(names("out"), (std::vector<std::string>{"a.csv"}));
}

}  // namespace
}  // namespace cordyna::data
