#include "docker/container_run.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <utility>
#include <vector>

#include "docker/fake_daemon_fixture.hpp"

namespace cordyna::docker {
namespace {

using http::answer;
using http::Reply;

class ContainerRunTest : public testing::Test {
 protected:
  ContainerEnd run(int cancel_fd = -1) {
    Daemon client(daemon_.socket());
    RunOptions options;
    options.name = "work";
    options.is_ours = [](const ContainerState& found) {
      return found.labels == std::map<std::string, std::string>{{"owner", "us"}};
    };
    options.clear = clear_;
    options.pull = pull_;
    options.keeps_success = keeps_success_;
    options.remove_max = 1;
    options.away_max = 3'000;
    options.say = [this](std::string_view line) { said_.emplace_back(line); };
    options.output = [this](OutputStream stream, std::string_view bytes) -> Result<> {
      (stream == OutputStream::kOut ? out_ : err_) += bytes;
      return {};
    };
    return ContainerRun(client, spec_, std::move(options), cancel_fd).run();
  }

  FakeDaemon daemon_;
  ContainerSpec spec_{.image = "tiny:1"};
  Pull pull_ = Pull::kMissing;
  bool keeps_success_ = false;
  std::function<Result<int>(Daemon&)> clear_;
  std::string out_;
  std::string err_;
  std::vector<std::string> said_;
};

TEST_F(ContainerRunTest, AContainerRunsToItsEndAndGoes) {
  daemon_.exit = R"(,"ExitCode":3)";
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(out_, "one\n");
  EXPECT_EQ(err_, "bad\n");
  EXPECT_EQ(daemon_.count("POST /start"), 1);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
  EXPECT_EQ(daemon_.count("POST /images/create"), 0);
}

TEST_F(ContainerRunTest, NothingBeginsBesideAFormerAttempt) {
  clear_ = [](Daemon& daemon) -> Result<int> {
    TRY(daemon.remove("old"));
    return 1;
  };
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(daemon_.count("DELETE /containers/old"), 1);
  EXPECT_EQ(said_, std::vector<std::string>{"removed a container that nobody waits for"});

  daemon_.removal = {answer(500, refusal("device is busy"))};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kDaemonAway);
  EXPECT_EQ(end.message, "what former attempts left cannot be removed: device is busy");
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerRunTest, WhatCannotBeRemovedIsTold) {
  daemon_.removal = {answer(500, refusal("device is busy"))};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone);
  EXPECT_EQ(end.left, "the container work could not be removed (device is busy)");
  EXPECT_EQ(end.id, "c1");
}

TEST_F(ContainerRunTest, ASuccessStaysWhereItIsToStay) {
  keeps_success_ = true;
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone);
  EXPECT_EQ(end.id, "c1");
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 0);

  daemon_.is_there = false;
  daemon_.exit = R"(,"ExitCode":1)";
  EXPECT_EQ(run().id, "");
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 1);
}

TEST_F(ContainerRunTest, ATerminalHasOneStream) {
  spec_.tty = true;
  daemon_.logs = {Reply{answer(200, "plain\r\n")}};
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(out_, "plain\r\n");
}

TEST_F(ContainerRunTest, AnImageIsPulledAsTheTaskSays) {
  daemon_.has_image = false;
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(said_, (std::vector<std::string>{"pulling tiny:1", "Status: Downloaded"}));
  daemon_.has_image = true;
  daemon_.status = "created";
  pull_ = Pull::kAlways;
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(daemon_.count("POST /images/create"), 2);
}

TEST_F(ContainerRunTest, AnImageThatCannotBeHadIsTold) {
  daemon_.has_image = false;
  pull_ = Pull::kNever;
  ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNoImage);
  EXPECT_EQ(end.message, "the image tiny:1 is not on this machine, and pull is 'never'");
  pull_ = Pull::kMissing;
  daemon_.pull = {answer(404, refusal("manifest for tiny:1 not found"))};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kNoImage);
  EXPECT_EQ(end.message, "the image tiny:1 cannot be pulled: manifest for tiny:1 not found");
  daemon_.pull = {answer(500, refusal("Get https://r/v2/: dial tcp: i/o timeout"))};
  EXPECT_EQ(run().trouble, Trouble::kImageAway);
  daemon_.pull = {answer(200, R"({"error":"unauthorized: authentication required"})")};
  EXPECT_EQ(run().trouble, Trouble::kImageDenied);
  EXPECT_EQ(daemon_.count("POST /containers/create"), 0);
}

TEST_F(ContainerRunTest, OneThatIsThereIsTakenUpAndNotStartedAgain) {
  // Also where its image is gone.
  daemon_.is_there = true;
  daemon_.has_image = false;
  pull_ = Pull::kNever;
  for (const char* status : {"running", "exited"}) {
    out_.clear();
    daemon_.is_there = true;
    daemon_.status = status;
    daemon_.exit = R"(,"ExitCode":5)";
    const ContainerEnd end = run();
    EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
    EXPECT_EQ(end.exit_code, 5);
    EXPECT_EQ(out_, "one\n");
  }
  EXPECT_EQ(daemon_.count("POST /start"), 0);
  EXPECT_EQ(daemon_.count("POST /containers/create"), 0);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 2);
}

TEST_F(ContainerRunTest, AStrangersContainerIsLeftAlone) {
  daemon_.is_there = true;
  daemon_.config = R"({"Labels":{"owner":"them"}})";
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNameTaken);
  EXPECT_NE(end.message.find("docker rm -f work"), std::string::npos) << end.message;
  EXPECT_EQ(daemon_.count("DELETE /containers"), 0);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
}

TEST_F(ContainerRunTest, ARefusalEndsItWithTheDaemonsWords) {
  daemon_.create = {Reply{answer(400, refusal("invalid mount config"))}};
  ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kRefused);
  EXPECT_EQ(end.message, "the Docker daemon refuses the container: invalid mount config");
  daemon_.create = {Reply{answer(500, refusal("devicemapper failed"))}};
  EXPECT_EQ(run().trouble, Trouble::kDaemonAway);
  daemon_.create = {Reply{answer(201, R"({"Id":"c1"})")}};
  daemon_.start = {answer(400, refusal("exec: nope: executable file not found"))};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kNotStarted);
  EXPECT_EQ(end.message, "exec: nope: executable file not found");
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
}

TEST_F(ContainerRunTest, ACallWhoseAnswerIsLostIsRepeatedWithoutDoingItTwice) {
  daemon_.create = {Reply{"", Reply::End::kReset}, Reply{answer(409, refusal("name in use"))}};
  daemon_.inspect = {Reply{answer(404, refusal("none"))}, Reply{"", Reply::End::kReset},
                     Reply{answer(500, refusal("not yet"))}};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerRunTest, ANameThatIsTakenBeforeItsContainerIsSeenIsWaitedFor) {
  daemon_.create = {Reply{answer(409, refusal("name in use"))},
                    Reply{answer(201, R"({"Id":"c1"})")}};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
  EXPECT_EQ(said_, std::vector<std::string>{
                       "a container of the same name is being made or removed; waiting for it"});
  EXPECT_EQ(daemon_.count("POST /start"), 1);
}

TEST_F(ContainerRunTest, OutputThatBrokeOffGoesOnWhereItWas) {
  const std::string first = frame(1, "one\n") + frame(2, "bad\n");
  const std::string all = first + frame(1, "two\n") + frame(2, "worse\n");
  daemon_.logs = {
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + first, Reply::End::kReset},
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + all.substr(0, 15),
            Reply::End::kReset},
      Reply{answer(200, all)}};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone) << end.message;
  EXPECT_EQ(out_, "one\ntwo\n");
  EXPECT_EQ(err_, "bad\nworse\n");
  EXPECT_EQ(said_.size(), 1U);
}

TEST_F(ContainerRunTest, OutputThatTheDaemonKeptBackIsFetchedAtTheEnd) {
  const std::string first = frame(1, "one\n");
  daemon_.logs = {Reply{answer(200, first)},
                  Reply{answer(200, first + frame(1, "two\n") + frame(2, "bad\n"))}};
  EXPECT_EQ(run().trouble, Trouble::kNone);
  EXPECT_EQ(out_, "one\ntwo\n");
  EXPECT_EQ(err_, "bad\n");
}

TEST_F(ContainerRunTest, EachEndHasOneMeaning) {
  daemon_.exit = R"(,"ExitCode":137,"OOMKilled":true)";
  EXPECT_EQ(run().trouble, Trouble::kOutOfMemory);

  daemon_.status = "created";
  daemon_.exit = R"(,"ExitCode":137)";
  ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kNone);
  EXPECT_EQ(end.exit_code, 137);

  // The same, but the daemon was away meanwhile.
  daemon_.status = "created";
  daemon_.logs = {Reply{"", Reply::End::kReset}, Reply{answer(200, "")}};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kKilled);
  EXPECT_NE(end.message.find("live-restore"), std::string::npos);

  daemon_.status = "created";
  daemon_.exit = R"(,"ExitCode":128,"Error":"no such device")";
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kNotStarted);
  EXPECT_EQ(end.message, "no such device");

  daemon_.status = "created";
  daemon_.inspect = {Reply{answer(404, refusal("none"))}, Reply{answer(200, daemon_.state())},
                     Reply{answer(404, refusal("No such container: c1"))}};
  end = run();
  EXPECT_EQ(end.trouble, Trouble::kRemoved);
  EXPECT_EQ(end.message, "the container was removed by somebody else: No such container: c1");

  daemon_.status = "created";
  daemon_.logs = {Reply{answer(409, refusal("it is marked for removal"))}};
  EXPECT_EQ(run().trouble, Trouble::kRemoved);
}

TEST_F(ContainerRunTest, ADaemonThatStaysAwayIsGivenUp) {
  daemon_.logs = {Reply{"", Reply::End::kReset}};
  const ContainerEnd end = run();
  EXPECT_EQ(end.trouble, Trouble::kDaemonAway);
  EXPECT_GT(daemon_.count("GET /logs"), 2);
}

TEST_F(ContainerRunTest, WithoutADaemonItIsToldHowToHaveOne) {
  Daemon nobody("/nowhere/docker.sock");
  const ContainerEnd end = ContainerRun(nobody, spec_, RunOptions{.name = "x"}, -1).run();
  EXPECT_EQ(end.trouble, Trouble::kNoDaemon);
  EXPECT_EQ(end.message,
            "the Docker daemon does not answer: cannot connect to /nowhere/docker.sock: No such "
            "file or directory; start it, or name its socket in DOCKER_HOST, as "
            "unix:///var/run/docker.sock");
}

/// A descriptor that becomes readable when somebody is to end.
class Cancel {
 public:
  Cancel() { EXPECT_EQ(pipe(ends_.data()), 0); }
  ~Cancel() {
    close(ends_[0]);
    close(ends_[1]);
  }
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;
  void raise() const { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  [[nodiscard]] int fd() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{};
};

TEST_F(ContainerRunTest, OneThatIsToEndBeforeItBeganLeavesNothing) {
  const Cancel cancel;
  cancel.raise();
  EXPECT_EQ(run(cancel.fd()).trouble, Trouble::kCancelled);
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 0);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
}

// It is known by its name then.
TEST_F(ContainerRunTest, OneThatIsToEndWhileItIsMadeLeavesNothing) {
  const Cancel cancel;
  daemon_.create = {
      Reply{"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n", Reply::End::kHang}};
  daemon_.made = [&cancel] { cancel.raise(); };
  EXPECT_EQ(run(cancel.fd()).trouble, Trouble::kCancelled);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
}

// A daemon with much to do goes on making it, and says until then that there is none.
TEST_F(ContainerRunTest, OneThatIsSeenLongAfterItsMakingWasCutOffIsRemoved) {
  const Cancel cancel;
  daemon_.create = {
      Reply{"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n", Reply::End::kHang}};
  daemon_.made = [&cancel] { cancel.raise(); };
  daemon_.inspect.assign(4, Reply{answer(404, refusal("No such container"))});
  EXPECT_EQ(run(cancel.fd()).trouble, Trouble::kCancelled);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
}

TEST_F(ContainerRunTest, OneThatIsToEndWhileItIsMadeLeavesAStrangersAlone) {
  const Cancel cancel;
  daemon_.create = {
      Reply{"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n", Reply::End::kHang}};
  daemon_.config = R"({"Labels":{}})";
  daemon_.made = [&cancel] { cancel.raise(); };
  EXPECT_EQ(run(cancel.fd()).trouble, Trouble::kCancelled);
  EXPECT_EQ(daemon_.count("DELETE /containers/"), 0);
  EXPECT_EQ(daemon_.count("POST /start"), 0);
}

TEST_F(ContainerRunTest, OneThatIsToEndIsAskedToAndItsLastWordsAreKept) {
  const Cancel cancel;
  const std::string first = frame(1, "one\n");
  daemon_.logs = {
      Reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + first, Reply::End::kHang},
      Reply{answer(200, first + frame(1, "bye\n"))}};
  daemon_.asked_for_logs = [&cancel] { cancel.raise(); };
  EXPECT_EQ(run(cancel.fd()).trouble, Trouble::kCancelled);
  EXPECT_EQ(out_, "one\nbye\n");
  EXPECT_EQ(daemon_.count("POST /stop?t=7"), 1);
  EXPECT_EQ(daemon_.count("DELETE /containers/c1"), 1);
}

TEST(ContainerName, IsOneThatDockerTakesAndNoOtherTextHas) {
  EXPECT_EQ(container_name("dyna-", "0190-ab/load/1"), "dyna-0190-ab_load_1");
  const std::string item = container_name("dyna-", "0190-ab/each[3]/load/1");
  EXPECT_TRUE(item.starts_with("dyna-0190-ab_each_3__load_1-")) << item;
  EXPECT_NE(item, container_name("dyna-", "0190-ab/each(3)/load/1"));
  const std::string longest = container_name("dyna-", "0190-ab/" + std::string(500, 'x') + "/1");
  EXPECT_LT(longest.size(), 240U);
  EXPECT_NE(longest, container_name("dyna-", "0190-ab/" + std::string(500, 'x') + "/2"));
}

}  // namespace
}  // namespace cordyna::docker
