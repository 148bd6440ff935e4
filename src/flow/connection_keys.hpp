/// The keys of a connection: in a file connections/NAME.yaml, or inline in a flow.
///
/// One table for each type of connection; the keys of load and share that name one.
#pragma once

#include <array>

#include "flow/bigquery_keys.hpp"
#include "flow/database_keys.hpp"
#include "flow/key_spec.hpp"
#include "flow/redis_keys.hpp"
#include "flow/store_keys.hpp"

namespace cordyna::flow {

namespace connection_detail {

using K = ValueKind;
using Word = std::string_view;

inline constexpr std::array kTypes{Word("postgres")};
inline constexpr std::array kKafkaTypes{Word("kafka")};
inline constexpr std::array kSaslMechanisms{Word("scram-sha-256"), Word("scram-sha-512"),
                                            Word("plain")};
inline constexpr std::array kSslModes{Word("disable"), Word("allow"),     Word("prefer"),
                                      Word("require"), Word("verify-ca"), Word("verify-full")};
inline constexpr KeySpec kTextItem{.kind = K::kText};

inline constexpr std::array kFields{
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description = "What is connected to.",
            .required = true,
            .words = kTypes},
    KeySpec{.name = "name",
            .kind = K::kId,
            .description = "What messages call it; the name of its file, where it has one."},
    KeySpec{.name = "host",
            .kind = K::kText,
            .description = "A name, an address, or the folder of a Unix socket. Without it, the "
                           "socket of this machine."},
    KeySpec{.name = "port",
            .kind = K::kInt,
            .description = "Without it, 5432.",
            .least = 1,
            .most = 65535},
    KeySpec{.name = "database", .kind = K::kText, .description = "Without it, the user's name."},
    KeySpec{.name = "user",
            .kind = K::kText,
            .description = "Without it, the name of who runs `dyna`."},
    KeySpec{.name = "password",
            .kind = K::kObject,
            .description = "Never the password itself: {secret: NAME}. Without it, what the "
                           "server lets in without one, or ~/.pgpass.",
            .fields = kSecretFields},
    KeySpec{.name = "sslmode",
            .kind = K::kEnum,
            .description = "As libpq has it: whether the connection is encrypted, and the server "
                           "checked. Without it, prefer.",
            .words = kSslModes},
    KeySpec{.name = "sslrootcert",
            .kind = K::kText,
            .description = "The file of the authorities that verify-ca and verify-full trust."},
    KeySpec{.name = "connect_timeout",
            .kind = K::kDuration,
            .description = "How long one try to connect may take. Without it, 10s.",
            .least = 1},
    KeySpec{.name = "statement_timeout",
            .kind = K::kDuration,
            .description = "How long one statement may take. Without it, what the server says.",
            .least = 1},
    KeySpec{.name = "options",
            .kind = K::kMap,
            .description = "Settings of the server for this connection: {search_path: gold}.",
            .item = &kTextItem},
};

inline constexpr std::array kKafkaFields{
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description = "What is connected to.",
            .required = true,
            .words = kKafkaTypes},
    KeySpec{.name = "name",
            .kind = K::kId,
            .description = "What messages call it; the name of its file, where it has one."},
    KeySpec{.name = "brokers",
            .kind = K::kList,
            .description = "Some of the cluster's brokers, as HOST:PORT; without a port, 9092.",
            .required = true,
            .one_or_list = true,
            .item = &kTextItem,
            .least = 1},
    KeySpec{.name = "tls",
            .kind = K::kBool,
            .description = "The connection is encrypted, and the broker's certificate and name are "
                           "checked. Without this key it is not."},
    KeySpec{.name = "ca_file",
            .kind = K::kText,
            .description =
                "The file of the authorities that are trusted, in PEM. Without it, those "
                "of this machine."},
    KeySpec{.name = "certificate_file",
            .kind = K::kText,
            .description = "Our own certificate, in PEM, where the brokers want one; with "
                           "`key_file`."},
    KeySpec{.name = "key_file",
            .kind = K::kText,
            .description = "The key of `certificate_file`, in PEM, readable for the server alone."},
    KeySpec{.name = "user", .kind = K::kText, .description = "Who we are, by SASL."},
    KeySpec{.name = "password",
            .kind = K::kObject,
            .description = "Never the password itself: {secret: NAME}.",
            .fields = kSecretFields},
    KeySpec{.name = "mechanism",
            .kind = K::kEnum,
            .description = "How the password is proven. Without it, scram-sha-512; plain sends the "
                           "password, and wants `tls`.",
            .words = kSaslMechanisms},
};

inline constexpr KeySpec kKafkaConnection{
    .name = "connection",
    .kind = K::kObject,
    .description =
        "A connection of type kafka: the name of a file in connections/ (beside the "
        "nearest cordyna.yaml, else beside the flow) without .yaml, or the connection "
        "itself.",
    .fields = kKafkaFields};

inline constexpr KeySpec kConnection{
    .name = "connection",
    .kind = K::kObject,
    .description =
        "A connection: the name of a file in connections/ (beside the nearest "
        "cordyna.yaml, else beside the flow) without .yaml, or the connection itself.",
    .fields = kFields};

inline constexpr std::array kModes{Word("replace"), Word("append"), Word("upsert")};

constexpr KeySpec mode_key(Word description, Word preset) {
  return {.name = "mode",
          .kind = K::kEnum,
          .description = description,
          .preset = preset,
          .words = kModes};
}

constexpr KeySpec share_key(Word description) {
  return {.name = "key",
          .kind = K::kList,
          .description = description,
          .one_or_list = true,
          .item = &kTextItem,
          .least = 1};
}

inline constexpr std::array kTargetFields{
    KeySpec{.name = "to",
            .kind = K::kTemplate,
            .description = "The file, or CONNECTION/SCHEMA.TABLE; beside `connection`, the table.",
            .required = true},
    mode_key("As `mode` of the share, for this table.", ""),
    share_key("As `key` of the share, for this table."),
    kConnection,
};
inline constexpr KeySpec kTarget{.kind = K::kObject, .fields = kTargetFields, .short_field = "to"};

}  // namespace connection_detail

/// The types of connections, in this order.
enum class ConnectionType : std::uint8_t {
  kPostgres,
  kKafka,
  kSqlite,
  kDuckdb,
  kRedis,
  kS3,
  kGcs,
  kBigquery,
  kDatabase,  ///< where any of postgres, sqlite and duckdb will do
  kTables,    ///< where any of postgres and bigquery will do
};

struct ConnectionKind {
  std::string_view name{};
  std::span<const KeySpec> keys{};
};

inline constexpr std::array kConnectionKinds{
    ConnectionKind{"postgres", connection_detail::kFields},
    ConnectionKind{"kafka", connection_detail::kKafkaFields},
    ConnectionKind{"sqlite", connection_detail::kSqliteFields},
    ConnectionKind{"duckdb", connection_detail::kDuckdbFields},
    ConnectionKind{"redis", connection_detail::kRedisFields},
    ConnectionKind{"s3", store_detail::kS3FileFields},
    ConnectionKind{"gcs", store_detail::kGcsFileFields},
    ConnectionKind{"bigquery", connection_detail::kBigqueryFields}};

[[nodiscard]] constexpr std::span<const ConnectionKind> connection_kinds() {
  return kConnectionKinds;
}

}  // namespace cordyna::flow
