// Bytes that a proxy in front could read differently: each has its status, and ends the connection.
#include <gtest/gtest.h>

#include <random>

#include "server/http/test_handler.hpp"

namespace cordyna::server {
namespace {

using std::string_literals::operator""s;

struct DesyncRow {
  const char* name;
  std::string bytes;
  int status;
};
void PrintTo(const DesyncRow& row, std::ostream* out) {
  *out << row.name;
}

const std::string kHost = "Host: localhost\r\n";
const std::string kPost = "POST / HTTP/1.1\r\n" + kHost;
const std::string kChunked = kPost + "Transfer-Encoding: chunked\r\n\r\n";
const std::string kGet = "GET / HTTP/1.1\r\n" + kHost;

const std::vector<DesyncRow> kFraming{
    {"TeAndCl", kPost + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400},
    {"ClAndTe", kPost + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"TwoCl", kPost + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
    {"TwoSameCl", kPost + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
    {"ListOfCl", kPost + "Content-Length: 3, 3\r\n\r\nabc", 400},
    {"ClWithPlus", kPost + "Content-Length: +3\r\n\r\nabc", 400},
    {"ClNegative", kPost + "Content-Length: -3\r\n\r\nabc", 400},
    {"ClHex", kPost + "Content-Length: 0x3\r\n\r\nabc", 400},
    {"ClEmpty", kPost + "Content-Length:\r\n\r\n", 400},
    {"ClInside", kPost + "Content-Length: 3 3\r\n\r\nabc", 400},
    {"ClOverflow", kPost + "Content-Length: 18446744073709551619\r\n\r\nabc", 400},
    {"TeOther", kPost + "Transfer-Encoding: gzip\r\n\r\n", 501},
    {"TeBefore", kPost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
    {"TeBehind", kPost + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501},
    {"TeTwice", kPost + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501},
    {"TeLookalike", kPost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
    {"TeQuoted", kPost + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 501},
    {"TeEmpty", kPost + "Transfer-Encoding:\r\n\r\n", 501},
    {"TeLines", kPost + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n", 400},
    {"TeVerticalTab",
     kPost + "Transfer-Encoding:\x0b"
             "chunked\r\n\r\n0\r\n\r\n",
     400},
    {"TeIn10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
    {"TeSpaceColon", kPost + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
    {"ChunkOverflow", kChunked + "10000000000000003\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkNearlyOverflow", kChunked + "ffffffffffffffff\r\nabc\r\n0\r\n\r\n", 413},
    {"ChunkNegative", kChunked + "-1\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkPrefix", kChunked + "0x3\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkNoSize", kChunked + "\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkSpace", kChunked + " 3\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkTooLong", kChunked + "3\r\nabcd\r\n0\r\n\r\n", 400},
    {"ChunkBareLf", kChunked + "3\nabc\r\n0\r\n\r\n", 400},
    {"ChunkBodyBareLf", kChunked + "3\r\nabc\n0\r\n\r\n", 400},
    {"ChunkExtensionLf", kChunked + "3;a\nb\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkExtensionQuotedLf", kChunked + "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkExtensionCr", kChunked + "3;a\rb\r\nabc\r\n0\r\n\r\n", 400},
    {"ChunkExtensionLong", kChunked + "3;a=" + std::string(5000, 'x') + "\r\nabc\r\n0\r\n\r\n",
     400},
    {"ChunkExtensionEndless", kChunked + "3;a=" + std::string(60'000, 'x'), 400},
    {"TrailersEndless", kChunked + "0\r\nA: " + std::string(60'000, 'x'), 400},
    {"TrailerBareLf", kChunked + "0\r\nA: b\nC: d\r\n\r\n", 400},
    {"TrailerLength", kChunked + "0\r\nContent-Length: 5\r\n\r\n", 400},
};

const std::vector<DesyncRow> kHeads{
    {"Fold", kGet + "A: b\r\n c\r\n\r\n", 400},
    {"FoldTab", kGet + "A: b\r\n\tc\r\n\r\n", 400},
    {"FoldFirst", "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", 400},
    {"BareLf", "GET / HTTP/1.1\nHost: localhost\n\n", 400},
    {"BareLfInHeaders", kGet + "A: b\nC: d\r\n\r\n", 400},
    {"BareLfAtEnd", kGet + "A: b\r\n\n", 400},
    {"BareCr", kGet + "A: b\rC: d\r\n\r\n", 400},
    {"BareCrFirst", "\rGET / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"CrCrLf", kGet + "A: b\r\r\n\r\n", 400},
    {"Nul", kGet + "A: \0\r\n\r\n"s, 400},
    {"NulInName", kGet + "A\0: b\r\n\r\n"s, 400},
    {"NulInTarget", "GET /\0 HTTP/1.1\r\n"s + kHost + "\r\n", 400},
    {"Delete", kGet + "A: \x7f\r\n\r\n", 400},
    {"SpaceColon", kGet + "A : b\r\n\r\n", 400},
    {"NoColon", kGet + "A\r\n\r\n", 400},
    {"NoName", kGet + ": b\r\n\r\n", 400},
    {"NameWithSpace", kGet + "A b: c\r\n\r\n", 400},
    {"NameBrackets", kGet + "A(b): c\r\n\r\n", 400},
    {"NoHost", "GET / HTTP/1.1\r\n\r\n", 400},
    {"TwoHosts", kGet + kHost + "\r\n", 400},
    {"TwoHostsIn10", "GET / HTTP/1.0\r\n" + kHost + kHost + "\r\n", 400},
    {"HostEmpty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"HostPath", "GET / HTTP/1.1\r\nHost: localhost/x\r\n\r\n", 400},
    {"HostUser", "GET / HTTP/1.1\r\nHost: a@localhost\r\n\r\n", 400},
    {"HostList", "GET / HTTP/1.1\r\nHost: localhost, evil\r\n\r\n", 400},
    {"HostPort", "GET / HTTP/1.1\r\nHost: localhost:x\r\n\r\n", 400},
    {"HostOther", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421},
    {"HostLonger", "GET / HTTP/1.1\r\nHost: localhost.evil\r\n\r\n", 421},
    {"HostOtherIn10", "GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n", 421},
    {"AbsoluteOther", "GET http://evil.example/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"AbsolutePort", "GET http://localhost:1/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"AbsoluteUser", "GET http://u@localhost/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"AbsoluteScheme", "GET file://localhost/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"AbsoluteOtherIn10", "GET http://evil.example/ HTTP/1.0\r\n\r\n", 421},
    {"Asterisk", "OPTIONS * HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"AuthorityForm", "GET localhost:80 HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"NoSlash", "GET x HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"Fragment", "GET /#x HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"HighByte", "GET /\xc3\xa4 HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"Connect", "CONNECT localhost:443 HTTP/1.1\r\n" + kHost + "\r\n", 501},
    {"Http09", "GET /\r\n", 400},
    {"Http09Host", "GET /\r\n" + kHost + "\r\n", 400},
    {"Http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"Http12", "GET / HTTP/1.2\r\n" + kHost + "\r\n", 505},
    {"Http00", "GET / HTTP/0.9\r\n" + kHost + "\r\n", 505},
    {"VersionLower", "GET / http/1.1\r\n" + kHost + "\r\n", 400},
    {"VersionLong", "GET / HTTP/1.10\r\n" + kHost + "\r\n", 400},
    {"VersionSpace", "GET / HTTP/1.1 \r\n" + kHost + "\r\n", 400},
    {"TwoSpaces", "GET  / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"TabSpace", "GET\t/ HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"SpaceFirst", " GET / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"SpaceInTarget", "GET /a b HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"MethodNone", "G@T / HTTP/1.1\r\n" + kHost + "\r\n", 400},
    {"EmptyLines", "\r\n\r\n\r\n" + kGet + "\r\n", 400},
    {"TlsHello", "\x16\x03\x01\x02\x00\x01\x00\x01"s, 400},
    {"ConnectionNone", kGet + "Connection: \"\r\n\r\n", 400},
    {"Expectation", kPost + "Expect: 200-ok\r\nContent-Length: 1\r\n\r\na", 417},
    {"Expectations", kPost + "Expect: 100-continue, x\r\nContent-Length: 1\r\n\r\na", 417},
};

class DesyncTest : public HttpServerTest, public testing::WithParamInterface<DesyncRow> {};

TEST_P(DesyncTest, IsRefusedAndClosed) {
  settings_.hosts = {"localhost"};
  bool handled = false;
  handler_.on = [&handled](HttpRequest, Respond respond) {
    handled = true;
    respond({});
  };
  start();
  TestClient client(port());
  // What follows must not be taken for a request.
  client.send(GetParam().bytes + "GET /smuggled HTTP/1.1\r\n" + kHost + "\r\n");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, GetParam().status) << reply.body;
  EXPECT_TRUE(reply.whole);
  EXPECT_EQ(reply.header("Connection"), "close");
  EXPECT_EQ(reply.header("Content-Type"), "application/problem+json");
  EXPECT_TRUE(client.is_closed());
  server_.reset();
  EXPECT_FALSE(handled);
}

std::string name_of(const testing::TestParamInfo<DesyncRow>& info) {
  return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(Framing, DesyncTest, testing::ValuesIn(kFraming), name_of);
INSTANTIATE_TEST_SUITE_P(Heads, DesyncTest, testing::ValuesIn(kHeads), name_of);

class NoDesyncTest : public HttpServerTest, public testing::WithParamInterface<DesyncRow> {};

TEST_P(NoDesyncTest, IsAnsweredAndSoIsTheNext) {
  settings_.hosts = {"LOCALHOST", "::1", "127.0.0.1"};
  start();
  TestClient client(port());
  client.send(GetParam().bytes + get("/next"));
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(client.read_reply().body, "GET /next");
}

const std::vector<DesyncRow> kAccepted{
    {"LineBefore", "\r\n" + kGet + "\r\n", 200},
    {"HostCase", "GET / HTTP/1.1\r\nhOST:LocalHost:99\r\n\r\n", 200},
    {"HostIpv6", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200},
    {"HostIpv4", "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200},
    {"Absolute", "GET HTTP://LOCALHOST:80/x?y HTTP/1.1\r\n" + kHost + "\r\n", 200},
    {"ObsText", kGet + "A: \xe4\r\n\r\n", 200},
    {"SpacesAroundValue", kGet + "A: \t b \t\r\n\r\n", 200},
    {"ChunkExtension", kChunked + "3;a;b=c;d=\"e f\"\r\nabc\r\n0;x\r\n\r\n", 200},
    {"ChunkZeros", kChunked + "0003\r\nabc\r\n000\r\n\r\n", 200},
    {"Trailers", kChunked + "0\r\nHost: evil\r\nA: b\r\n\r\n", 200},
    {"TeCase", kPost + "transfer-encoding:  CHUNKED \r\n\r\n0\r\n\r\n", 200},
    {"ClZeros", kPost + "Content-Length: 0003\r\n\r\nabc", 200},
    {"UnknownMethod", "BREW / HTTP/1.1\r\n" + kHost + "\r\n", 200},
};
INSTANTIATE_TEST_SUITE_P(Rows, NoDesyncTest, testing::ValuesIn(kAccepted), name_of);

TEST_F(HttpServerTest, RandomBytesEndWithAnErrorOrNothing) {
  settings_.limits.head_wait = 20;
  start();
  std::mt19937_64 draw(3);
  for (int i = 0; i < 300; ++i) {
    std::string bytes(1 + draw() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(draw());
    const Reply reply = ask(bytes);
    EXPECT_TRUE(reply.status == 400 || reply.status == 408) << i << ": " << reply.status;
  }
  EXPECT_EQ(ask(get("/")).status, 200);
}

TEST_F(HttpServerTest, SplitRequestsGetTheSameAnswer) {
  start();
  const std::string request = post_chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  std::mt19937_64 draw(4);
  TestClient client(port());
  for (int i = 0; i < 200; ++i) {
    std::string_view rest = request;
    while (!rest.empty()) {
      const std::size_t some = std::min<std::size_t>(1 + draw() % 60, rest.size());
      client.send(rest.substr(0, some));
      rest.remove_prefix(some);
    }
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /p hello world");
  }
}

}  // namespace
}  // namespace cordyna::server
