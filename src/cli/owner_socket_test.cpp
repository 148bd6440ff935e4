// The protocol between the owner and its clients, with a fake owner behind a real socket.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/cli_fixtures.hpp"
#include "cli/owner_client.hpp"
#include "cli/owner_protocol.hpp"
#include "cli/owner_server.hpp"
#include "service/flow_folder.hpp"

namespace cordyna::cli {
namespace {

using namespace testing_support;

const RunId kRun{"01a1fdf1-297b-7406-8fa9-d3d429eb9043"};

TEST(OwnerProtocolTest, RequestsArriveByteForByte) {
  OwnerRequest sent;
  sent.op = OwnerOp::kSubmit;
  sent.run = kRun;
  sent.after = 17;
  sent.folder = "/data/a \"b\"";
  sent.canonical = "{\"x\":\"line\nbreak \\u0001 \xC3\xA9\"}";
  sent.inputs = "{\"k\":\"$(touch /tmp/x)\"}";
  std::string line = encode(sent);
  ASSERT_TRUE(line.ends_with('\n'));
  line.pop_back();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto got = decode_request(line);
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->op, OwnerOp::kSubmit);
  EXPECT_EQ(got->run, kRun);
  EXPECT_TRUE(got->follow);
  EXPECT_EQ(got->after, 17);
  EXPECT_EQ(got->folder, sent.folder);
  EXPECT_EQ(got->canonical, sent.canonical);
  EXPECT_EQ(got->inputs, sent.inputs);
}

std::string line_of_request(const OwnerRequest& request) {
  std::string line = encode(request);
  line.pop_back();
  return line;
}

TEST(OwnerProtocolTest, AsksForARerunWithWhatItTakesOver) {
  OwnerRequest sent;
  sent.op = OwnerOp::kRerun;
  sent.run = kRun;
  sent.of = 12;
  sent.inputs = R"({"day":"\"7"})";
  sent.taken = {"load", "choose/clean"};
  const auto got = decode_request(line_of_request(sent));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->op, OwnerOp::kRerun);
  EXPECT_EQ(got->of, 12);
  EXPECT_EQ(got->inputs, sent.inputs);
  EXPECT_EQ(got->taken, sent.taken);
  sent.of = 0;
  EXPECT_EQ(decode_request(line_of_request(sent)).error().message, "'rerun' needs 'of'");
}

TEST(OwnerProtocolTest, AsksForABackfillAndSteersIt) {
  OwnerRequest sent;
  sent.op = OwnerOp::kBackfill;
  sent.run = kRun;
  sent.folder = "/flows";
  sent.canonical = "{}";
  sent.inputs = R"([["day","{{ run.date }}"]])";
  sent.backfill.trigger = "nightly";
  sent.backfill.begin = -5;
  sent.backfill.end = 7;
  sent.backfill.parallel = 3;
  sent.backfill.total = 12;
  sent.backfill.only_missing = true;
  sent.backfill.newest_first = true;
  const auto got = decode_request(line_of_request(sent));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->backfill, sent.backfill);
  EXPECT_EQ(got->inputs, sent.inputs);
  sent.backfill.parallel = 0;
  EXPECT_EQ(decode_request(line_of_request(sent)).error().code, ErrorCode::kInvalidArgument);

  OwnerRequest pause;
  pause.op = OwnerOp::kBackfillPause;
  pause.of = 3;
  const auto steered = decode_request(line_of_request(pause));
  ASSERT_TRUE(steered.has_value()) << steered.error().message;
  EXPECT_EQ(steered->op, OwnerOp::kBackfillPause);
  EXPECT_EQ(steered->of, 3);
}

TEST(OwnerProtocolTest, AnApplyBringsFlowsAndWhatTheyReplace) {
  OwnerRequest sent;
  sent.op = OwnerOp::kApply;
  sent.run = kRun;
  sent.follow = false;
  sent.flows = {{"acme", "sales", 2, true, R"({"id":"sales","x":"\"\n"})", "/flows",
                 "/flows/s.yaml", source_of("id: sales  # ours\n")},
                {"", "gone", 1, false, "", "", ""}};
  const auto got = decode_request(line_of_request(sent));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->op, OwnerOp::kApply);
  EXPECT_EQ(got->flows, sent.flows);
  sent.flows[1].flow_id = "";
  EXPECT_EQ(decode_request(line_of_request(sent)).error().code, ErrorCode::kInvalidArgument);
  sent.flows.clear();
  EXPECT_EQ(decode_request(line_of_request(sent)).error().message, "'apply' needs 'flows'");
}

TEST(OwnerProtocolTest, AsksWhoDrivesARunAndWhoKeepsAFlow) {
  OwnerRequest drives;
  drives.op = OwnerOp::kDrives;
  drives.run = kRun;
  drives.follow = false;
  const auto run = decode_request(line_of_request(drives));
  ASSERT_TRUE(run.has_value()) << run.error().message;
  EXPECT_EQ(run->op, OwnerOp::kDrives);
  EXPECT_EQ(run->run, kRun);
  OwnerRequest keeps;
  keeps.op = OwnerOp::kKeeps;
  keeps.follow = false;
  keeps.flow_id = "sales";
  keeps.ns = "acme.\"x\"";
  const auto flow = decode_request(line_of_request(keeps));
  ASSERT_TRUE(flow.has_value()) << flow.error().message;
  EXPECT_EQ(flow->op, OwnerOp::kKeeps);
  EXPECT_EQ(flow->flow_id, "sales");
  EXPECT_EQ(flow->ns, keeps.ns);
  drives.run = RunId{"no id"};
  EXPECT_FALSE(decode_request(line_of_request(drives)).has_value());
}

TEST(OwnerProtocolTest, DecisionsArriveWithWhoAndWhy) {
  OwnerRequest sent;
  sent.op = OwnerOp::kReject;
  sent.run = kRun;
  sent.task = "publish";
  sent.by = "ann";
  sent.note = "half of it is \"missing\"";
  const auto got = decode_request(line_of_request(sent));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->op, OwnerOp::kReject);
  EXPECT_EQ(got->task, sent.task);
  EXPECT_EQ(got->by, sent.by);
  EXPECT_EQ(got->note, sent.note);
}

TEST(OwnerProtocolTest, AFlowIsDisabledByNameWithWhoAndWhy) {
  OwnerRequest sent;
  sent.op = OwnerOp::kFlowDisable;
  sent.follow = false;
  sent.ns = "acme";
  sent.flow_id = "sales";
  sent.by = "ann";
  sent.note = "a \"reason\"";
  const auto got = decode_request(line_of_request(sent));
  ASSERT_TRUE(got.has_value()) << got.error().message;
  EXPECT_EQ(got->op, OwnerOp::kFlowDisable);
  EXPECT_EQ(got->ns + "/" + got->flow_id, "acme/sales");
  EXPECT_EQ(got->by, "ann");
  EXPECT_EQ(got->note, sent.note);
  sent.by.clear();
  EXPECT_EQ(decode_request(line_of_request(sent)).error().code, ErrorCode::kInvalidArgument);
}

struct BadRequest {
  const char* name;
  const char* line;
  ErrorCode code;
};

class BadRequestTest : public testing::TestWithParam<BadRequest> {};

TEST_P(BadRequestTest, IsRefused) {
  const auto got = decode_request(GetParam().line);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, GetParam().code) << got.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadRequestTest,
    testing::Values(
        BadRequest{"empty", "", ErrorCode::kInvalidArgument},
        BadRequest{"noObject", "[1]", ErrorCode::kInvalidArgument},
        BadRequest{"newer", R"({"version":2,"op":"follow"})", ErrorCode::kConflict},
        BadRequest{"noVersion", R"({"op":"follow"})", ErrorCode::kConflict},
        BadRequest{"unknownOp", R"({"version":1,"op":"x"})", ErrorCode::kInvalidArgument},
        BadRequest{"noRun", R"({"version":1,"op":"follow"})", ErrorCode::kInvalidArgument},
        BadRequest{"pathAsRun", R"({"version":1,"op":"follow","run":"../../etc"})",
                   ErrorCode::kInvalidArgument},
        BadRequest{"emptySubmit",
                   R"({"version":1,"op":"submit","run":"01a1fdf1-297b-7406-8fa9-d3d429eb9043"})",
                   ErrorCode::kInvalidArgument}),
    [](const auto& row) { return row.param.name; });

TEST(OwnerProtocolTest, AnswersGoThereAndBack) {
  EXPECT_EQ(decode_answer(R"({"ok":true,"run":12})").value(), 12);
  std::string line = encode_answer(fail(ErrorCode::kConflict, "run 3 has \"ended\""));
  const auto got = decode_answer(line);
  ASSERT_FALSE(got.has_value());
  EXPECT_EQ(got.error().code, ErrorCode::kConflict);
  EXPECT_EQ(got.error().message, "run 3 has \"ended\"");
  EXPECT_EQ(decode_answer("junk").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(decode_answer("{\"ok\":true}").error().code, ErrorCode::kCorrupt);
}

class FakeOwner final : public OwnerService {
 public:
  Result<RunNo> handle(const OwnerRequest& request) override {
    const std::lock_guard lock(mutex_);
    asked.push_back(request);
    if (refuse.has_value()) return std::unexpected<Error>(*refuse);
    return 7;
  }
  Result<std::vector<Update>> history(RunNo run, std::int64_t after, std::uint32_t limit) override {
    EXPECT_EQ(run, 7);
    const std::lock_guard lock(mutex_);
    std::vector<Update> page;
    for (const Update& update : updates) {
      if (update.seq > after && page.size() < limit) page.push_back(update);
    }
    return page;
  }
  void add(Update update) {
    const std::lock_guard lock(mutex_);
    updates.push_back(std::move(update));
  }

  std::vector<OwnerRequest> asked;
  std::optional<Error> refuse;
  std::vector<Update> updates;

 private:
  std::mutex mutex_;
};

class OwnerSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/owner_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    layout_ = std::make_unique<StateLayout>(name);
    start();
  }
  void TearDown() override {
    server_.reset();
    std::filesystem::remove_all(root_);
  }
  void start() {
    auto server = OwnerServer::start(*layout_, owner_);
    ASSERT_TRUE(server.has_value()) << server.error().message;
    server_ = std::move(*server);
  }
  OwnerClient connect() {
    auto client = OwnerClient::connect(*layout_);
    EXPECT_TRUE(client.has_value());
    return std::move(*client);
  }
  static OwnerRequest follow() {
    OwnerRequest request;
    request.run = kRun;
    return request;
  }
  /// Updates until `count` came or the owner went.
  static std::vector<Update> read(OwnerClient& client, std::size_t count) {
    std::vector<Update> all;
    for (;;) {
      auto some = client.read();
      if (!some.has_value()) break;
      all.insert(all.end(), some->begin(), some->end());
      pollfd ready{client.fd(), POLLIN, 0};
      if (all.size() >= count || ::poll(&ready, 1, 10'000) <= 0) break;
    }
    return all;
  }

  std::string root_;
  std::unique_ptr<StateLayout> layout_;
  FakeOwner owner_;
  std::unique_ptr<OwnerServer> server_;
};

TEST_F(OwnerSocketTest, IsForItsUserOnly) {
  struct stat found{};
  ASSERT_EQ(::stat(layout_->owner_socket().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(OwnerSocketTest, TellsWhatHappenedThenWhatHappensUntilTheEnd) {
  owner_.add(run_update(kNoon, 1, RunState::kRunning));
  OwnerClient client = connect();
  EXPECT_EQ(client.request(follow()).value(), 7);
  EXPECT_EQ(read(client, 1).size(), 1U);
  owner_.add(task_update(kNoon, 2, "load", TaskState::kStarted));
  server_->changed();
  const auto second = read(client, 1);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].task, "load");
  owner_.add(run_update(kNoon, 3, RunState::kCompleted));
  server_->changed();
  EXPECT_EQ(read(client, 5).size(), 1U);  // then it closes
}

TEST_F(OwnerSocketTest, ASlowReaderGetsAllOfALongHistory) {
  for (std::int64_t seq = 1; seq <= 20'000; ++seq) {
    owner_.add(task_update(kNoon, seq, "t", TaskState::kCompleted, std::string(50, 'x')));
  }
  OwnerClient client = connect();
  ASSERT_TRUE(client.request(follow()).has_value());
  const auto all = read(client, 20'000);
  ASSERT_EQ(all.size(), 20'000U);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].seq, static_cast<std::int64_t>(i) + 1);
  }
}

TEST_F(OwnerSocketTest, SubmitsAsLargeAsFlowsMayBe) {
  OwnerRequest request = follow();
  request.op = OwnerOp::kSubmit;
  request.folder = "/flows";
  request.canonical = std::string(std::size_t{20} << 20, 'c');
  request.follow = false;
  OwnerClient client = connect();
  EXPECT_EQ(client.request(request).value(), 7);
  ASSERT_EQ(owner_.asked.size(), 1U);
  EXPECT_EQ(owner_.asked[0].canonical, request.canonical);
}

TEST_F(OwnerSocketTest, RefusalsComeWithCodeAndMessage) {
  owner_.refuse = Error{ErrorCode::kNotFound, "no such run"};
  OwnerClient client = connect();
  const auto answer = client.request(follow());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(answer.error().message, "no such run");
}

TEST_F(OwnerSocketTest, AClientSeesThatTheOwnerWent) {
  OwnerClient client = connect();
  ASSERT_TRUE(client.request(follow()).has_value());
  server_.reset();
  pollfd ready{client.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  EXPECT_FALSE(client.read().has_value());
  EXPECT_FALSE(OwnerClient::connect(*layout_).has_value());
}

TEST_F(OwnerSocketTest, ASocketThatWasLeftBehindIsReplaced) {
  std::filesystem::remove(layout_->owner_socket());
  server_.reset();
  {
    const auto stale = listen_at(layout_->owner_socket());
  }  // closed, but the file stays
  start();
  OwnerClient client = connect();
  EXPECT_TRUE(client.request(follow()).has_value());
}

TEST_F(OwnerSocketTest, LongPathsWork) {
  const std::string deep = root_ + "/" + std::string(150, 'd');
  std::filesystem::create_directory(deep);
  const StateLayout layout(deep);
  FakeOwner owner;
  const auto server = OwnerServer::start(layout, owner);
  ASSERT_TRUE(server.has_value()) << server.error().message;
  auto client = OwnerClient::connect(layout);
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_TRUE(client->request(follow()).has_value());
}

}  // namespace
}  // namespace cordyna::cli
