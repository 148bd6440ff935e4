#include "input/host/flow_input.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "base/hash.hpp"
#include "base/wipe.hpp"
#include "cordyna/file.hpp"
#include "cordyna/postgres.hpp"
#include "cordyna/redis.hpp"
#include "input/host/connection_text.hpp"
#include "input/host/kafka_connection.hpp"
#include "input/host/poll_options.hpp"
#include "input/host/redis_options.hpp"
#include "model/applied_flow.hpp"

namespace cordyna::input {
namespace {

/// Empty: the connection has none.
Result<std::string> password_of(const ListenSpec& listen, const Secrets& secrets) {
  const std::string name = password_secret(listen.connection);
  return name.empty() ? std::string() : secrets.find(name);
}

Result<std::vector<Operation>> operations_of(const ListenSpec& listen) {
  std::vector<Operation> operations;
  for (const std::string& word : listen.operations) {
    TRY_ASSIGN(const Operation operation, parse_operation(word));
    operations.push_back(operation);
  }
  return operations;
}

Result<std::string> connection_of(const TriggerSpec& spec, const Secrets& secrets) {
  TRY_ASSIGN(std::string password, password_of(spec.listen, secrets));
  auto text = connection_text(spec.listen.connection, password);
  wipe_secret(password);
  return text;
}

Result<PostgresOptions> postgres_options(const TriggerSpec& spec, const Secrets& secrets) {
  PostgresOptions options;
  TRY_ASSIGN(options.connection, connection_of(spec, secrets));
  TRY_ASSIGN(options.operations, operations_of(spec.listen));
  options.over_gaps = spec.listen.over_gaps;
  options.tables = spec.postgres.tables;
  if (spec.postgres.replication) options.mode = PostgresMode::kReplication;
  options.whole_rows = spec.postgres.whole_rows;
  options.install = spec.postgres.install;
  return options;
}

KafkaFormat format_of(std::string_view word) {
  if (word == "text") return KafkaFormat::kText;
  return word == "bytes" ? KafkaFormat::kBytes : KafkaFormat::kJson;
}

Result<KafkaOptions> kafka_options(const FlowInputId& id, const TriggerSpec& spec,
                                   const Secrets& secrets) {
  KafkaOptions options;
  TRY_ASSIGN(std::string password, password_of(spec.listen, secrets));
  const auto connected = connect_kafka(spec.listen.connection, password, options);
  wipe_secret(password);
  TRY(connected);
  TRY_ASSIGN(options.operations, operations_of(spec.listen));
  options.over_gaps = spec.listen.over_gaps;
  options.topics = spec.kafka.topics;
  options.group = spec.kafka.group.empty() ? "cordyna." + id.dotted() : spec.kafka.group;
  options.format = format_of(spec.kafka.format);
  options.start = spec.kafka.only_new ? KafkaStartAt::kLatest : KafkaStartAt::kEarliest;
  return options;
}

Result<FileOptions> file_options(const TriggerSpec& spec) {
  FileOptions options;
  options.folder = spec.file.folder;
  options.files = spec.file.files;
  if (spec.file.ignore.has_value()) options.ignore = *spec.file.ignore;
  options.recursive = spec.file.recursive;
  options.settle = std::chrono::milliseconds(spec.file.settle);
  options.archive = spec.file.archive;
  if (!spec.listen.operations.empty()) {
    TRY_ASSIGN(options.operations, operations_of(spec.listen));
  }
  options.existing = spec.file.existing;
  options.hash = spec.file.hash;
  options.rescan = std::chrono::milliseconds(spec.file.rescan);
  options.max_files = spec.file.max_files;
  options.over_gaps = spec.listen.over_gaps;
  return options;
}

Result<std::unique_ptr<Input>> poll_input_of(const FlowInputId& id, const TriggerSpec& spec,
                                             const Secrets& secrets) {
  if (!spec.poll.url.empty()) {
    TRY_ASSIGN(HttpPoll service, http_poll_of(spec, secrets));
    return http_poll_input(id.dotted(), std::move(service));
  }
  TRY_ASSIGN(SqlPoll database, sql_poll_of(spec));
  if (database.sqlite.empty()) {
    TRY_ASSIGN(database.postgres, connection_of(spec, secrets));
  }
  return sql_poll_input(id.dotted(), std::move(database));
}

/// Errors: kInvalidArgument: it needs nothing there.
Result<PostgresOptions> installed_options(const FlowInputId& id, const TriggerSpec& spec,
                                          const Secrets& secrets) {
  if (spec.type == TriggerType::kPostgres) return postgres_options(spec, secrets);
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("{} is of type {}: nothing is installed for it", id.text(),
                          to_string(spec.type)));
}

}  // namespace

std::string FlowInputId::text() const {
  return flow_name(ns, flow_id) + "/" + trigger;
}

std::string FlowInputId::dotted() const {
  return (ns.empty() ? "" : ns + ".") + flow_id + "." + trigger;
}

std::string FlowInputId::short_text() const {
  std::string whole = dotted();
  if (whole.size() <= kPostgresIdMax) return whole;
  return fmt::format("{}.{:016x}", whole.substr(0, kPostgresIdMax - 17), fnv1a(whole));
}

TriggerSpec with_absolute_folders(TriggerSpec spec, const std::string& folder) {
  for (std::string* one : {&spec.file.folder, &spec.file.archive}) {
    if (!one->empty()) *one = (std::filesystem::path(folder) / *one).lexically_normal().string();
  }
  if (spec.type == TriggerType::kPoll) {
    spec.listen.connection = with_absolute_database(spec.listen.connection, folder);
  }
  return spec;
}

Result<std::unique_ptr<Input>> make_flow_input(const FlowInputId& id, const TriggerSpec& spec,
                                               const Secrets& secrets) {
  if (spec.type == TriggerType::kKafka) {
    TRY_ASSIGN(KafkaOptions kafka, kafka_options(id, spec, secrets));
    return kafka_input(id.dotted(), std::move(kafka));
  }
  if (spec.type == TriggerType::kFile) {
    TRY_ASSIGN(FileOptions files, file_options(spec));
    return file_input(id.dotted(), std::move(files));
  }
  if (spec.type == TriggerType::kRedis) {
    TRY_ASSIGN(std::string password, password_of(spec.listen, secrets));
    auto entries = redis_options_of(spec, password);
    wipe_secret(password);
    if (!entries.has_value()) return std::unexpected<Error>(std::move(entries.error()));
    if (entries->group.empty()) entries->group = "cordyna." + id.dotted();
    return redis_input(id.dotted(), *std::move(entries));
  }
  if (spec.type == TriggerType::kPoll) return poll_input_of(id, spec, secrets);
  TRY_ASSIGN(PostgresOptions options, postgres_options(spec, secrets));
  return postgres_input(id.short_text(), std::move(options));
}

Result<> install_flow_input(const FlowInputId& id, const TriggerSpec& spec,
                            const Secrets& secrets) {
  TRY_ASSIGN(const PostgresOptions options, installed_options(id, spec, secrets));
  return install_postgres_input(id.short_text(), options);
}

Result<> remove_flow_input(const FlowInputId& id, const TriggerSpec& spec, const Secrets& secrets) {
  TRY_ASSIGN(const PostgresOptions options, installed_options(id, spec, secrets));
  return remove_postgres_input(id.short_text(), options.connection);
}

}  // namespace cordyna::input
