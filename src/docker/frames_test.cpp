#include "docker/frames.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cordyna::docker {
namespace {

std::string frame(char stream, std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::string out{stream, 0, 0, 0};
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift & 0xff);
  return out + std::string(bytes);
}

struct Read {
  std::array<std::string, 2> streams;
  Result<> result;
};

Read read(std::string_view bytes, std::size_t step) {
  Read out;
  FrameReader reader([&out](OutputStream stream, std::string_view piece) -> Result<> {
    out.streams[static_cast<std::size_t>(stream)] += piece;
    return {};
  });
  for (std::size_t at = 0; at < bytes.size() && out.result.has_value(); at += step) {
    out.result = reader.feed(bytes.substr(at, step));
  }
  return out;
}

TEST(Frames, StreamsComeApartHoweverTheBytesAreCut) {
  const std::string big(300'000, 'x');
  const std::string bytes = frame(1, "one\n") + frame(2, "wrong\n") + frame(1, "") + frame(1, big) +
                            frame(3, "of the daemon\n");
  for (const std::size_t step :
       {std::size_t{1}, std::size_t{3}, std::size_t{8}, std::size_t{4096}, bytes.size()}) {
    const Read got = read(bytes, step);
    ASSERT_TRUE(got.result.has_value());
    EXPECT_EQ(got.streams[0], "one\n" + big) << step;
    EXPECT_EQ(got.streams[1], "wrong\nof the daemon\n") << step;
  }
}

TEST(Frames, WhatIsNoFrameIsAnError) {
  for (const std::string_view bytes : {std::string_view("plain text of a terminal"),
                                       std::string_view("\x01\x01\x00\x00\x00\x00\x00\x01x", 9)}) {
    const Read got = read(bytes, bytes.size());
    ASSERT_FALSE(got.result.has_value());
    EXPECT_EQ(got.result.error().code, ErrorCode::kCorrupt);
  }
}

TEST(Frames, AnErrorOfTheSinkComesOut) {
  FrameReader reader([](OutputStream, std::string_view) -> Result<> {
    return fail(ErrorCode::kCancelled, "enough");
  });
  const auto fed = reader.feed(frame(1, "one"));
  ASSERT_FALSE(fed.has_value());
  EXPECT_EQ(fed.error().message, "enough");
}

}  // namespace
}  // namespace cordyna::docker
