/// The keys of object stores: S3 and what speaks like it, and Google Cloud Storage. In a task, or
/// in a connection of its own.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/database_keys.hpp"
#include "flow/key_spec.hpp"

namespace cordyna::flow::store_detail {

using K = ValueKind;
using connection_detail::kSecretFields;

inline constexpr std::array kS3Types{std::string_view("s3")};
inline constexpr std::array kGcsTypes{std::string_view("gcs")};

inline constexpr KeySpec kStoreName{
    .name = "name",
    .kind = K::kId,
    .description = "What messages call it; the name of its file, where it has one."};

constexpr KeySpec type_key(std::span<const std::string_view> words, bool in_file) {
  return {.name = "type",
          .kind = K::kEnum,
          .description = "What is connected to.",
          .required = in_file,
          .words = words};
}

/// `text`: kTemplate within a flow, kText in a file.
constexpr auto s3_fields(K text, bool in_file) {
  return std::array{
      type_key(kS3Types, in_file),
      kStoreName,
      KeySpec{.name = "endpoint",
              .kind = text,
              .description = "https://HOST of a store that is not Amazon's; without it "
                             "$AWS_ENDPOINT_URL_S3 or $AWS_ENDPOINT_URL."},
      KeySpec{.name = "region",
              .kind = text,
              .description = "The region; without it $AWS_REGION, $AWS_DEFAULT_REGION, us-east-1."},
      KeySpec{.name = "access_key",
              .kind = K::kObject,
              .description = "{secret: NAME}; without it AWS_ACCESS_KEY_ID, as a secret or "
                             "as a variable of the environment.",
              .fields = kSecretFields},
      KeySpec{.name = "secret_key",
              .kind = K::kObject,
              .description = "{secret: NAME}; without it AWS_SECRET_ACCESS_KEY.",
              .fields = kSecretFields},
      KeySpec{.name = "session_token",
              .kind = K::kObject,
              .description = "{secret: NAME}; without the keys, AWS_SESSION_TOKEN if it is "
                             "there.",
              .fields = kSecretFields},
      KeySpec{.name = "anonymous",
              .kind = K::kBool,
              .description = "Whether requests go without credentials.",
              .preset = "false"},
      KeySpec{.name = "path_style",
              .kind = K::kBool,
              .description = "Whether the bucket stands in the path of an address (true), or in "
                             "its host. Without it: in the path with an `endpoint`, in the host "
                             "with Amazon's."},
  };
}

constexpr auto gcs_fields(K text, bool in_file) {
  return std::array{
      type_key(kGcsTypes, in_file),
      kStoreName,
      KeySpec{.name = "key",
              .kind = K::kObject,
              .description = "{secret: NAME}: the key of a service account, the whole JSON file "
                             "as Google gives it.",
              .fields = kSecretFields},
      KeySpec{.name = "endpoint",
              .kind = text,
              .description = "http(s)://HOST of an emulator; without it, Google's."},
      KeySpec{.name = "anonymous",
              .kind = K::kBool,
              .description = "Whether requests go without credentials."},
  };
}

inline constexpr auto kS3Fields = s3_fields(K::kTemplate, false);
inline constexpr auto kS3FileFields = s3_fields(K::kText, true);
inline constexpr auto kGcsFields = gcs_fields(K::kTemplate, false);
inline constexpr auto kGcsFileFields = gcs_fields(K::kText, true);

inline constexpr KeySpec kS3{
    .name = "s3",
    .kind = K::kObject,
    .description =
        "The object store behind s3://: the name of a connection of type s3, or its "
        "keys.",
    .fields = kS3Fields};
inline constexpr KeySpec kGcs{
    .name = "gcs",
    .kind = K::kObject,
    .description =
        "Who we are to Google Cloud Storage, behind gs://: the name of a connection of "
        "type gcs, or its keys.",
    .fields = kGcsFields};

inline constexpr KeySpec kFrom{
    .name = "from",
    .kind = K::kTemplate,
    .description =
        "A file, from the flow's folder; https://…, http://…, s3://BUCKET/KEY or "
        "gs://BUCKET/NAME. A secret('NAME') in an address is not written anywhere. "
        "Required, but with `connection`."};
inline constexpr KeySpec kFiles{
    .name = "files",
    .kind = K::kText,
    .description =
        "With s3:// and gs://: `from` is the beginning of names, and all objects are read as one "
        "file whose names go on as this pattern says, in the order of their names: `*`, `?` and "
        "`[a-z]`, of which none stands for '/'. No templates: no value widens what is read. At "
        "most 10,000 objects."};

}  // namespace cordyna::flow::store_detail
