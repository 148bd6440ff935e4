#include "input/host/flow_input.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/hash.hpp"
#include "cordyna/postgres.hpp"
#include "input/host/connection_text.hpp"
#include "model/applied_flow.hpp"

namespace cordyna::input {
namespace {

Result<std::string> connection_of(const PostgresSpec& postgres, const Secrets& secrets) {
  std::string password;
  if (const std::string name = password_secret(postgres.connection); !name.empty()) {
    TRY_ASSIGN(password, secrets.find(name));
  }
  auto text = connection_text(postgres.connection, password);
  wipe_secret(password);
  return text;
}

Result<PostgresOptions> options_of(const PostgresSpec& postgres, const Secrets& secrets) {
  PostgresOptions options;
  TRY_ASSIGN(options.connection, connection_of(postgres, secrets));
  options.tables = postgres.tables;
  options.whole_rows = postgres.whole_rows;
  options.install = postgres.install;
  for (const std::string& word : postgres.operations) {
    TRY_ASSIGN(const Operation operation, parse_operation(word));
    options.operations.push_back(operation);
  }
  return options;
}

}  // namespace

std::string FlowInputId::text() const {
  return flow_name(ns, flow_id) + "/" + trigger;
}

std::string FlowInputId::short_text() const {
  std::string whole = ns.empty() ? "" : ns + ".";
  whole += flow_id + "." + trigger;
  if (whole.size() <= kPostgresIdMax) return whole;
  return fmt::format("{}.{:016x}", whole.substr(0, kPostgresIdMax - 17), fnv1a(whole));
}

Result<std::unique_ptr<Input>> make_flow_input(const FlowInputId& id, const TriggerSpec& spec,
                                               const Secrets& secrets) {
  TRY_ASSIGN(PostgresOptions options, options_of(spec.postgres, secrets));
  return postgres_input(id.short_text(), std::move(options));
}

Result<> install_flow_input(const FlowInputId& id, const TriggerSpec& spec,
                            const Secrets& secrets) {
  TRY_ASSIGN(const PostgresOptions options, options_of(spec.postgres, secrets));
  return install_postgres_input(id.short_text(), options);
}

Result<> remove_flow_input(const FlowInputId& id, const TriggerSpec& spec, const Secrets& secrets) {
  TRY_ASSIGN(const std::string connection, connection_of(spec.postgres, secrets));
  return remove_postgres_input(id.short_text(), connection);
}

}  // namespace cordyna::input
