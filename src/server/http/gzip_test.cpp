#include "server/http/gzip.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace cordyna::server {
namespace {

std::string unzipped(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

struct AcceptRow {
  const char* value;
  bool accepted;
};

TEST(GzipTest, AcceptEncodingIsReadWithItsWeights) {
  for (const auto& [value, accepted] : std::vector<AcceptRow>{
           {"gzip", true},
           {"GZip", true},
           {"x-gzip", true},
           {"deflate, gzip, br", true},
           {"gzip;q=0.5", true},
           {"gzip ; Q=0.001", true},
           {"*", true},
           {"*;q=0, gzip", true},
           {"br;q=1.0, *;q=0.1", true},
           {"gzip;q=1.000, identity;q=0.5", true},
           {"", false},
           {"br", false},
           {"identity", false},
           {"gzip;q=0", false},
           {"gzip;q=0.000", false},
           {"gzip;q=0, *", false},
           {"*;q=0", false},
           {"gzip;q=0.5, identity", false},
           {"gzip;q=", false},
           {"gzip;q=nan", false},
           {"gzip;q=-1", false},
           {"gzip;q=5", false},
           {"gzip;q=0.5.5", false},
           {"gzip;q=0.00001", false},
           {"notgzip", false},
           {",,;;,", false},
       }) {
    EXPECT_EQ(accepts_gzip({{"Accept-Encoding", value}}), accepted) << value;
  }
  EXPECT_FALSE(accepts_gzip({}));
  EXPECT_TRUE(accepts_gzip({{"Accept-Encoding", "br"}, {"accept-encoding", "gzip"}}));
}

TEST(GzipTest, OnlyTextIsWorthIt) {
  for (const char* type : {"text/plain", "text/html; charset=utf-8", "application/json",
                           "Application/JSON", "application/problem+json ;x=y"}) {
    EXPECT_TRUE(is_compressible(type)) << type;
  }
  for (const char* type : {"", "image/png", "application/octet-stream", "application/jsonx"}) {
    EXPECT_FALSE(is_compressible(type)) << type;
  }
}

TEST(GzipTest, WhatGoesInComesOut) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "row " + std::to_string(i) + "\n";
  const std::string small = gzip(text);
  EXPECT_LT(small.size(), text.size() / 2);
  EXPECT_EQ(unzipped(small), text);
  EXPECT_EQ(gunzip(small, text.size()), text);
}

TEST(GzipTest, WhatIsNoPackedTextOfThatSizeIsNothing) {
  const std::string text(5000, 'x');
  const std::string small = gzip(text);
  EXPECT_EQ(gunzip(small, text.size() - 1), "");
  EXPECT_EQ(gunzip(small, text.size() + 1), "");
  EXPECT_EQ(gunzip(small.substr(0, small.size() / 2), text.size()), "");
  EXPECT_EQ(gunzip("no gzip at all", 14), "");
  EXPECT_EQ(gunzip("", 0), "");
}

TEST(GzipTest, WhatDoesNotBecomeSmallerStays) {
  std::mt19937_64 draw(7);
  std::string noise(4096, '\0');
  for (char& c : noise) c = static_cast<char>(draw());
  EXPECT_EQ(gzip(noise), "");
  EXPECT_EQ(gzip(""), "");
}

}  // namespace
}  // namespace cordyna::server
