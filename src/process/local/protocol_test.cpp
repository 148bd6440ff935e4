#include "process/local/protocol.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "process/local/exit_record.hpp"

namespace cordyna::local {
namespace {

StartOrder full_order() {
  StartOrder order;
  order.name = "12/3-1";
  order.argv = {"/bin/sh", "-c", "echo \"$V\"", ""};
  order.env = {"V=a\nb\xff$(touch /tmp/x)", "EMPTY="};
  order.folder = "/work dir";
  order.files = {{"step.json", std::string("{\0}", 3)}, {"empty", ""}};
  order.masks = {"secret", "\x01\x02"};
  order.complete = 1800'000;
  order.kill_grace = 10'000;
  order.log_bytes_max = 1 << 20;
  order.umask = 027;
  order.ends_its_own = true;
  order.resources = {500, 64'000'000, 1'000'000'000, 600'000};
  return order;
}

TEST(ProtocolTest, AnOrderArrivesAsItWasSent) {
  const StartOrder sent = full_order();
  const auto got = decode_order(encode(sent));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(encode(*got), encode(sent));
  EXPECT_EQ(got->argv, sent.argv);
  EXPECT_EQ(got->env, sent.env);
  EXPECT_EQ(got->files[0].content, sent.files[0].content);
  EXPECT_EQ(got->masks, sent.masks);
  EXPECT_EQ(got->umask, 027U);
  EXPECT_TRUE(got->use_groups);
  EXPECT_TRUE(got->ends_its_own);
  EXPECT_EQ(got->resources, sent.resources);
}

TEST(ProtocolTest, AnOrderCutAnywhereIsRefused) {
  const std::string bytes = encode(full_order());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_order(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(decode_order(bytes + "x").has_value());
}

TEST(ProtocolTest, AnOrderOfAnotherVersionIsRefused) {
  std::string bytes = encode(full_order());
  ++bytes[1];
  EXPECT_FALSE(decode_order(bytes).has_value());
}

TEST(ProtocolTest, AForgedCountAllocatesNothing) {
  std::string bytes = encode(full_order());
  const std::size_t argc_at = 2 + 8 + 6;
  for (std::size_t i = 0; i < 8; ++i) bytes[argc_at + i] = '\x7f';
  EXPECT_FALSE(decode_order(bytes).has_value());
}

TEST(ProtocolTest, LargeOrdersGoThroughMemory) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  StartOrder order = full_order();
  order.files.push_back({"large", std::string(std::size_t{3} << 20, 'l')});
  ASSERT_EQ(send_order(ours.get(), encode(order)), 0);
  std::string bytes;
  Fd passed;
  ASSERT_EQ(receive_message(theirs.get(), bytes, passed), Received::kMessage);
  EXPECT_EQ(bytes[0], 'M');
  const auto memory = read_memfd(passed.get());
  ASSERT_TRUE(memory.has_value());
  EXPECT_EQ(*memory, encode(order));
  EXPECT_EQ(receive_message(theirs.get(), bytes, passed), Received::kNothing);
}

TEST(ProtocolTest, TheOtherSideGoneIsTheEnd) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
  const Fd ours(ends[0]);
  close(ends[1]);
  std::string bytes;
  Fd passed;
  EXPECT_EQ(receive_message(ours.get(), bytes, passed), Received::kEnd);
  EXPECT_EQ(send_message(ours.get(), "x"), EPIPE);
}

TEST(ProtocolTest, MessagesNameTheirAttempt) {
  const auto message = decode_message(encode(Message{'E', "1/2-3", "{\"a\":1}"}));
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->kind, 'E');
  EXPECT_EQ(message->name, "1/2-3");
  EXPECT_EQ(message->payload, "{\"a\":1}");
  EXPECT_FALSE(decode_message("E").has_value());
  EXPECT_FALSE(decode_message("E\x03").has_value());
  EXPECT_FALSE(decode_message(std::string_view("E\x01\xff\0\0\0\0\0\0\0x", 11)).has_value());
}

TEST(ExitRecordTest, ComesBackAsItWasWritten) {
  ExitRecord record;
  record.exit_code = 3;
  record.signal = 9;
  record.started = 1'700'000'000'123;
  record.ended = 1'700'000'000'456;
  record.timeout = record.cancelled = record.disk_full = record.log_truncated = true;
  record.spawn_error = "program 'x\"y' does not exist";
  record.disk_error = "full";
  record.max_rss_kb = 4096;
  record.log_bytes = 77;
  record.over = Over::kFileSize;
  record.over_limit = 2'000'000;
  record.memory_peak = 63'999'999;
  record.last_error_line = "Zeile \xc3\xbc \\";
  const auto read = parse_exit_record(encode(record));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, record);
}

TEST(ExitRecordTest, DamagedOrNewerOnesAreRefused) {
  const std::string text = encode(ExitRecord{});
  for (std::size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_FALSE(parse_exit_record(text.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(parse_exit_record("[]").has_value());
  EXPECT_FALSE(parse_exit_record("{\"version\":2,\"exit\":0}").has_value());
}

}  // namespace
}  // namespace cordyna::local
