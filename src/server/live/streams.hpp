/// Live streams as server-sent events.
///
/// Each holds no more than where it is: what it sends is read when the client has taken what came
/// before. Of the WHATWG HTML standard, "Server-sent events".
#pragma once

#include <memory>
#include <string>

#include "ports/store.hpp"
#include "server/auth/caller.hpp"
#include "server/http/http_server.hpp"
#include "server/live/hub.hpp"

namespace cordyna::server {

/// What happens to a run, from its history: `event: update` with its number as id; `event: end`
/// when it has ended, which ends the stream. Borrows reader and hub; used on the HTTP server's
/// thread.
[[nodiscard]] std::unique_ptr<BodySource> run_stream(StoreReader& reader, std::shared_ptr<Hub> hub,
                                                     RunNo run, std::int64_t after);

/// Changes of all runs that the caller may see: `event: run`; of flows, backfills and pools,
/// `event: changed`, which says of what list. `last_id`: the id of the last one that the client
/// has; empty: from now on. What cannot be told from there on is `event: reset`: the client looks
/// at the list again.
[[nodiscard]] std::unique_ptr<BodySource> all_runs_stream(std::shared_ptr<Hub> hub, Caller caller,
                                                          std::string epoch,
                                                          const std::string& last_id);

}  // namespace cordyna::server
