// dyna pools: what the project's pools hold, and who waits for them.
#include <fmt/format.h>

#include "base/text.hpp"
#include "cerebro/explain.hpp"
#include "cli/commands.hpp"
#include "cli/limits.hpp"
#include "cli/list_watch.hpp"
#include "cli/side.hpp"
#include "cli/table.hpp"
#include "service/json.hpp"

namespace cordyna::cli {
namespace {

constexpr const char* kNone = "no pools: cordyna.yaml of the project declares none";

std::string rate_text(const PoolUse& pool, Millis now) {
  if (pool.spec.rate.count == 0) return "-";
  std::string text = fmt::format("{} of {} per {}", pool.started, pool.spec.rate.count,
                                 format_delay(pool.spec.rate.per));
  if (pool.next_start > now) text += ", next in " + format_delay(pool.next_start - now);
  return text;
}

std::string as_table(const std::vector<PoolUse>& pools, Millis now) {
  std::vector<std::vector<std::string>> rows = {
      {"POOL", "SLOTS", "USED", "WAITING", "RATE", "DESCRIPTION"}};
  for (const PoolUse& pool : pools) {
    rows.push_back({pool.spec.name, pool.spec.slots > 0 ? fmt::format("{}", pool.spec.slots) : "-",
                    fmt::format("{}", pool.holders.size()), fmt::format("{}", pool.waiting.size()),
                    rate_text(pool, now), printable(pool.spec.description)});
  }
  return as_columns(rows);
}

/// Those of the project here, with what the state knows of them.
Result<std::vector<PoolUse>> pools_here(const CommandContext& context, Millis now) {
  TRY_ASSIGN(const LimitsHere here, limits_here(context));
  if (here.reader != nullptr) {
    return pool_use(*here.reader, flow::from_canonical, here.limits, now);
  }
  std::vector<PoolUse> pools;
  pools.reserve(here.limits.pools.size());
  for (const PoolSpec& spec : here.limits.pools) pools.push_back({spec});
  return pools;
}

Result<std::vector<PoolUse>> pools_of(const CommandContext& context,
                                      const std::optional<client::ApiClient>& server, Millis now) {
  if (server.has_value()) return client::RemoteReader(*server).list_pools();
  return pools_here(context, now);
}

}  // namespace

CommandResult pools_command(CommandContext& context) {
  const Millis now = context.parts.clock->now();
  if (context.arguments.watch) {
    TRY_ASSIGN(const Side side, side_here(context));
    const auto read = [&]() -> Result<ListShown> {
      const Millis then = context.parts.clock->now();
      TRY_ASSIGN(const std::vector<PoolUse> pools, pools_of(context, side.server, then));
      std::vector<std::string> objects;
      objects.reserve(pools.size());
      for (const PoolUse& pool : pools) objects.push_back(pools_as_json({pool}));
      return list_shown(as_table(pools, then), std::move(objects), kNone);
    };
    return watch_list(context, side, "pools", read);
  }
  TRY_ASSIGN(const std::optional<client::ApiClient> server, server_here(context));
  TRY_ASSIGN(const std::vector<PoolUse> pools, pools_of(context, server, now));
  if (context.arguments.json) {
    context.output.write(pools_as_json(pools) + "\n");
  } else if (pools.empty()) {
    context.output.write(std::string(kNone) + "\n");
  } else {
    context.output.write(as_table(pools, now));
  }
  return ExitCode::kOk;
}

}  // namespace cordyna::cli
