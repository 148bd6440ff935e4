#include "http/s3.hpp"

#include <gtest/gtest.h>

#include "http/digest.hpp"

namespace cordyna::http {
namespace {

/// The account of the examples in Amazon's description of the signature.
S3Place example_place() {
  return {
      "", "us-east-1", {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}};
}

constexpr Millis kExampleTime = 1369353600000;  // 2013-05-24T00:00:00Z

std::string signature_of(const Request& request) {
  const std::string* text = find_header(request.headers, "Authorization");
  return text == nullptr ? "" : text->substr(text->rfind('=') + 1);
}

// The signatures are those that Amazon's description gives for these requests.
TEST(S3SignatureTest, IsAmazonsOwnForAGetWithARange) {
  Request request;
  request.url = *parse_url("https://examplebucket.s3.amazonaws.com/test.txt");
  request.headers = {{"Range", "bytes=0-9"}};
  sign_s3(request, example_place(), kEmptySha256, kExampleTime);
  EXPECT_EQ(signature_of(request),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3SignatureTest, IsAmazonsOwnForAPut) {
  Request request;
  request.method = "PUT";
  request.url = *parse_url("https://examplebucket.s3.amazonaws.com/test%24file.text");
  request.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                     {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  sign_s3(request, example_place(), hex(sha256("Welcome to Amazon S3.")), kExampleTime);
  EXPECT_EQ(signature_of(request),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3SignatureTest, IsAmazonsOwnForAQuery) {
  Request request;
  request.url = *parse_url("https://examplebucket.s3.amazonaws.com/?lifecycle");
  sign_s3(request, example_place(), kEmptySha256, kExampleTime);
  EXPECT_EQ(signature_of(request),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(S3SignatureTest, WithoutCredentialsNothingIsAdded) {
  Request request;
  request.url = *parse_url("https://a/b");
  sign_s3(request, {}, kEmptySha256, kExampleTime);
  EXPECT_TRUE(request.headers.empty());
}

TEST(S3AddressTest, TheBucketIsInTheHostOrInThePath) {
  const auto text = [](const S3Place& place, const char* address) {
    return s3_url(place, *parse_s3(address))->text();
  };
  EXPECT_EQ(text({"", "eu-central-1", {}}, "s3://lake/a/b c+d=é.csv"),
            "https://lake.s3.eu-central-1.amazonaws.com/a/b%20c%2Bd%3D%C3%A9.csv");
  EXPECT_EQ(text({"", "eu-central-1", {}}, "s3://my.lake/a"),
            "https://s3.eu-central-1.amazonaws.com/my.lake/a");
  EXPECT_EQ(text({"", "cn-north-1", {}}, "s3://lake/a"),
            "https://lake.s3.cn-north-1.amazonaws.com.cn/a");
  EXPECT_EQ(text({"http://127.0.0.1:9000/", "", {}}, "s3://lake/a//b"),
            "http://127.0.0.1:9000/lake/a//b");
}

TEST(S3AddressTest, WhatIsMissingIsSaid) {
  for (const auto& [address, said] :
       {std::pair<const char*, const char*>{"s3://lake", "it names no key"},
        {"s3:///a", "it names no bucket"},
        {"s3://la ke/a", "'la ke' is no name of a bucket"},
        {"http://lake/a", "it is no address of S3"}}) {
    const Result<S3Name> name = parse_s3(address);
    ASSERT_FALSE(name.has_value());
    EXPECT_EQ(name.error().message,
              std::string(address) + ": " + said + "; s3://BUCKET/KEY is wanted");
  }
}

}  // namespace
}  // namespace cordyna::http
