#include "http/reach.hpp"

#include <gtest/gtest.h>
#include <netdb.h>

#include <memory>
#include <string>

#include "http/server_fixture.hpp"
#include "http/stream.hpp"

namespace cordyna::http {
namespace {

using Found = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

/// As the system reads it: also 0x7f.1 and 2130706433.
Found found(const std::string& text) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* all = nullptr;
  const int error = getaddrinfo(text.c_str(), "80", &hints, &all);
  return {error == 0 ? all : nullptr, &freeaddrinfo};
}

struct Row {
  const char* text;
  bool is_public;
  bool is_link_local = false;
};

class ReachTest : public testing::TestWithParam<Row> {};

TEST_P(ReachTest, AnAddressIsJudgedHoweverItIsWritten) {
  const Row& row = GetParam();
  const Found address = found(row.text);
  ASSERT_NE(address, nullptr) << row.text;
  const sockaddr& one = *address->ai_addr;
  EXPECT_EQ(is_public(one), row.is_public) << row.text;
  EXPECT_EQ(is_link_local(one), row.is_link_local) << row.text;
  EXPECT_TRUE(allows(Reach::kAnywhere, one));
  EXPECT_EQ(allows(Reach::kNoLinkLocal, one), !row.is_link_local) << row.text;
  EXPECT_EQ(allows(Reach::kPublic, one), row.is_public) << row.text;
}

INSTANTIATE_TEST_SUITE_P(
    All, ReachTest,
    testing::Values(
        Row{"93.184.216.34", true}, Row{"1.1.1.1", true}, Row{"172.15.255.255", true},
        Row{"172.32.0.0", true}, Row{"100.63.255.255", true}, Row{"100.128.0.0", true},
        Row{"223.255.255.255", true}, Row{"2606:4700::1111", true}, Row{"2a00:1450::1", true},
        Row{"::ffff:1.1.1.1", true}, Row{"64:ff9b::1.1.1.1", true}, Row{"2002:101:101::1", true},
        Row{"127.0.0.1", false}, Row{"127.255.255.254", false}, Row{"127.1", false},
        Row{"2130706433", false}, Row{"0x7f000001", false}, Row{"0177.0.0.01", false},
        Row{"0x7f.1", false}, Row{"0", false}, Row{"0.0.0.0", false}, Row{"10.0.0.1", false},
        Row{"100.64.0.1", false}, Row{"172.16.0.1", false}, Row{"172.31.255.255", false},
        Row{"192.168.1.1", false}, Row{"192.0.0.8", false}, Row{"192.0.2.1", false},
        Row{"198.18.0.1", false}, Row{"198.51.100.1", false}, Row{"203.0.113.1", false},
        Row{"224.0.0.1", false}, Row{"240.0.0.1", false}, Row{"255.255.255.255", false},
        Row{"::1", false}, Row{"::", false}, Row{"::ffff:127.0.0.1", false},
        Row{"::ffff:10.0.0.1", false}, Row{"::127.0.0.1", false}, Row{"64:ff9b::10.0.0.1", false},
        Row{"64:ff9b:1::1", false}, Row{"2002:7f00:1::1", false}, Row{"2001::1", false},
        Row{"2001:db8::1", false}, Row{"3fff::1", false}, Row{"fc00::1", false},
        Row{"fd12:3456::1", false}, Row{"ff02::1", false}, Row{"169.254.169.254", false, true},
        Row{"2852039166", false, true}, Row{"0xa9fea9fe", false, true},
        Row{"0251.0376.0251.0376", false, true}, Row{"::ffff:169.254.169.254", false, true},
        Row{"64:ff9b::169.254.169.254", false, true}, Row{"2002:a9fe:a9fe::1", false, true},
        Row{"fe80::1", false, true}, Row{"febf::1", false, true},
        Row{"fd00:ec2::254", false, true}));

TEST(ReachTest, WhatIsNoIpAddressIsNotPublic) {
  sockaddr other{};
  other.sa_family = AF_UNIX;
  EXPECT_FALSE(is_public(other));
  EXPECT_FALSE(is_link_local(other));
}

TEST(ReachTest, TheAddressThatIsJudgedIsTheOneThatIsConnectedTo) {
  TestServer server([](const SeenRequest&, int) { return Reply{answer(200, "x")}; });
  const auto connected = connect_tcp("localhost", server.port(), {}, Reach::kNoLinkLocal);
  ASSERT_TRUE(connected.has_value()) << connected.error().message;
  EXPECT_FALSE(connected->is_public);
  const auto refused = connect_tcp("localhost", server.port(), {}, Reach::kPublic);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kDenied);
  EXPECT_EQ(refused.error().message.find("localhost leads to"), 0U) << refused.error().message;
}

}  // namespace
}  // namespace cordyna::http
