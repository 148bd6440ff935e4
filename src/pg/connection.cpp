#include "pg/connection.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <type_traits>

namespace cordyna {
namespace {

constexpr const char* kLibrary = "libpq.so.5";

// clang-format off
#define CORDYNA_LIBPQ(X) \
  X(PQconnectStartParams) X(PQconnectPoll) X(PQstatus) X(PQsocket) X(PQerrorMessage) \
  X(PQfinish) X(PQsetnonblocking) X(PQsetErrorVerbosity) X(PQsendQuery) \
  X(PQsendQueryParams) X(PQsendPrepare) X(PQsendDescribePrepared) X(PQconsumeInput) \
  X(PQisBusy) X(PQflush) X(PQgetResult) X(PQclear) X(PQresultStatus) \
  X(PQresultErrorField) X(PQresultErrorMessage) X(PQntuples) X(PQnfields) X(PQfname) \
  X(PQftype) X(PQfmod) X(PQgetvalue) X(PQgetlength) X(PQgetisnull) X(PQcmdTuples) \
  X(PQputCopyData) X(PQputCopyEnd) X(PQgetCopyData) X(PQfreemem) X(PQgetCancel) \
  X(PQcancel) X(PQfreeCancel) X(PQsetNoticeProcessor) X(PQnotifies) X(PQsetSingleRowMode) \
  X(PQcmdStatus) X(PQnparams) X(PQparamtype)
// clang-format on

/// The functions of libpq that are used.
struct Libpq {
#define CORDYNA_DECLARE(name) decltype(&::name) name = nullptr;
  CORDYNA_LIBPQ(CORDYNA_DECLARE)
#undef CORDYNA_DECLARE
  std::string problem;
};

Libpq load_libpq() {
  Libpq pq;
  // Never closed: libraries below it keep threads' data.
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    pq.problem = fmt::format(
        "{} cannot be loaded; install libpq5 (Debian: apt-get install "
        "libpq5): {}",
        kLibrary, why == nullptr ? "" : why);
    return pq;
  }
  const auto find = [&](auto& function, const char* name) {
    void* found = dlsym(library, name);
    if (found == nullptr) pq.problem = fmt::format("{} has no {}", kLibrary, name);
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(found);
  };
#define CORDYNA_FIND(name) find(pq.name, #name);
  CORDYNA_LIBPQ(CORDYNA_FIND)
#undef CORDYNA_FIND
  return pq;
}

const Libpq& libpq() {
  static const Libpq pq = load_libpq();
  return pq;
}

using Clock = std::chrono::steady_clock;

enum class Waited { kReady, kEnd, kTimeout };

/// Until the socket is ready, the deadline is past (nullopt: none), or we are asked to end.
Waited wait_for(int socket, short events, const Wake& wake,
                std::optional<Clock::time_point> deadline) {
  while (true) {
    if (wake.asked_to_end()) return Waited::kEnd;
    int timeout = -1;
    if (deadline.has_value()) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      if (left <= 0) return Waited::kTimeout;
      timeout = static_cast<int>(std::min<std::int64_t>(left + 1, 1'000'000));
    }
    std::array<pollfd, 2> fds{pollfd{socket, events, 0}, pollfd{wake.descriptor(), POLLIN, 0}};
    const int ready = poll(fds.data(), fds.size(), timeout);
    if (ready > 0 && fds[0].revents != 0 && fds[1].revents == 0) return Waited::kReady;
  }
}

PgFault asked_to_end() {
  return {.message = "it was asked to end", .cancelled = true};
}

struct ResultFree {
  void operator()(PGresult* result) const { libpq().PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultFree>;

void no_notices(void* /*context*/, const char* /*message*/) {}

void say_notice(void* context, const char* message) {
  std::string_view text(message);
  while (text.ends_with('\n')) text.remove_suffix(1);
  (*static_cast<std::function<void(std::string_view)>*>(context))(text);
}

/// A file descriptor that is closed in the end.
class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

PgFault file_fault(std::string_view what, const std::string& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return {.state = full ? "53100" : "",
          .message = fmt::format("cannot {} {}: {}", what, path, std::strerror(errno))};
}

}  // namespace

struct PgConnection::State {
  PGconn* conn = nullptr;
  const Wake* wake = nullptr;
  std::function<void(std::string_view)> say;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (conn != nullptr) libpq().PQfinish(conn);
  }

  /// The statement is stopped at the server too, and the connection is of no use any more.
  PgFault cancel() {
    PGcancel* handle = libpq().PQgetCancel(conn);
    std::array<char, 256> ignored{};
    if (handle != nullptr) {
      libpq().PQcancel(handle, ignored.data(), static_cast<int>(ignored.size()));
      libpq().PQfreeCancel(handle);
    }
    return asked_to_end();
  }

  PgFault broken() { return lost_fault(libpq().PQerrorMessage(conn)); }

  PgFault fault_of(const PGresult* result) {
    const Libpq& pq = libpq();
    const auto field = [&](int code) -> std::string {
      const char* text = pq.PQresultErrorField(result, code);
      return text == nullptr ? "" : text;
    };
    PgFault fault;
    fault.state = field(PG_DIAG_SQLSTATE);
    fault.message = field(PG_DIAG_MESSAGE_PRIMARY);
    for (const char code : {PG_DIAG_MESSAGE_DETAIL, PG_DIAG_MESSAGE_HINT, PG_DIAG_CONTEXT}) {
      const std::string more = field(code);
      if (!more.empty()) fault.message += "; " + more.substr(0, 300);
    }
    if (fault.message.empty()) fault = lost_fault(pq.PQresultErrorMessage(result));
    std::ranges::replace(fault.message, '\n', ' ');
    fault.lost = pq.PQstatus(conn) != CONNECTION_OK;
    fault.position = std::strtoul(field(PG_DIAG_STATEMENT_POSITION).c_str(), nullptr, 10);
    return fault;
  }

  /// All that is to be sent goes out; what comes meanwhile is taken in, so that neither side waits
  /// for the other.
  PgResult<> flush() {
    while (true) {
      const int left = libpq().PQflush(conn);
      if (left < 0) return std::unexpected(broken());
      if (left == 0) return {};
      if (wait_for(libpq().PQsocket(conn), POLLIN | POLLOUT, *wake, std::nullopt) == Waited::kEnd) {
        return std::unexpected(cancel());
      }
      if (libpq().PQconsumeInput(conn) == 0) return std::unexpected(broken());
    }
  }

  /// The next result; null: that was all.
  PgResult<ResultPtr> next() {
    while (libpq().PQisBusy(conn) != 0) {
      if (wait_for(libpq().PQsocket(conn), POLLIN, *wake, std::nullopt) == Waited::kEnd) {
        return std::unexpected(cancel());
      }
      if (libpq().PQconsumeInput(conn) == 0) return std::unexpected(broken());
    }
    return ResultPtr(libpq().PQgetResult(conn));
  }

  /// The last of all results; the first error there is among them.
  PgResult<ResultPtr> last() {
    if (auto flushed = flush(); !flushed.has_value()) return std::unexpected(flushed.error());
    ResultPtr kept;
    std::optional<PgFault> fault;
    while (true) {
      auto result = next();
      if (!result.has_value()) return result;
      if (*result == nullptr) break;
      const ExecStatusType status = libpq().PQresultStatus(result->get());
      if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
        if (!fault.has_value()) fault = fault_of(result->get());
      } else if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
        return std::move(*result);  // it goes on with data
      }
      kept = std::move(*result);
    }
    if (fault.has_value()) return std::unexpected(*fault);
    if (kept == nullptr) return std::unexpected(broken());
    return kept;
  }

  PgResult<ResultPtr> sent(int good) {
    if (good == 0) return std::unexpected(broken());
    return last();
  }
};

PgConnection::PgConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
PgConnection::PgConnection(PgConnection&&) noexcept = default;
PgConnection& PgConnection::operator=(PgConnection&&) noexcept = default;
PgConnection::~PgConnection() = default;

PgResult<PgConnection> PgConnection::open(const PgTarget& target, const Wake& wake) {
  const Libpq& pq = libpq();
  if (!pq.problem.empty()) return std::unexpected(PgFault{.message = pq.problem, .missing = true});
  std::vector<const char*> keys;
  std::vector<const char*> values;
  const auto add = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    keys.push_back(key);
    values.push_back(value.c_str());
  };
  // A peer that vanished is found out within two minutes, not two hours.
  const std::array<std::pair<const char*, std::string>, 6> fixed{{
      {"client_encoding", "UTF8"},
      {"application_name", "cordyna"},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "6"},
      {"tcp_user_timeout", "120000"},
  }};
  // Only such a text is taken apart: a name of a database is never more than that.
  add("dbname", target.text);
  for (const auto& [key, value] : target.words) add(key.c_str(), value);
  for (const auto& [key, value] : fixed) add(key, value);
  keys.push_back(nullptr);
  values.push_back(nullptr);
  auto state = std::make_unique<State>();
  state->wake = &wake;
  state->conn = pq.PQconnectStartParams(keys.data(), values.data(), target.text.empty() ? 0 : 1);
  if (state->conn == nullptr) {
    return std::unexpected(PgFault{.message = "no memory for a connection"});
  }
  // With it, the message of a refusal has its SQLSTATE.
  pq.PQsetErrorVerbosity(state->conn, PQERRORS_VERBOSE);
  pq.PQsetNoticeProcessor(state->conn, no_notices, nullptr);
  const auto deadline = Clock::now() + std::chrono::milliseconds(target.connect_timeout_ms);
  short events = POLLOUT;
  while (pq.PQstatus(state->conn) != CONNECTION_BAD) {
    const Waited waited = wait_for(pq.PQsocket(state->conn), events, wake, deadline);
    if (waited == Waited::kEnd) return std::unexpected(asked_to_end());
    if (waited == Waited::kTimeout) {
      return std::unexpected(
          PgFault{.message = fmt::format("no answer within {} ms", target.connect_timeout_ms),
                  .lost = true});
    }
    const PostgresPollingStatusType step = pq.PQconnectPoll(state->conn);
    if (step == PGRES_POLLING_OK) {
      pq.PQsetnonblocking(state->conn, 1);
      return PgConnection(std::move(state));
    }
    if (step == PGRES_POLLING_FAILED) break;
    events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  }
  return std::unexpected(connect_fault(pq.PQerrorMessage(state->conn)));
}

PgResult<PgRows> PgConnection::run(const std::string& sql, const std::vector<std::string>& values) {
  const Libpq& pq = libpq();
  std::vector<const char*> texts;
  texts.reserve(values.size());
  for (const std::string& value : values) texts.push_back(value.c_str());
  auto result =
      state_->sent(values.empty() ? pq.PQsendQuery(state_->conn, sql.c_str())
                                  : pq.PQsendQueryParams(state_->conn, sql.c_str(),
                                                         static_cast<int>(texts.size()), nullptr,
                                                         texts.data(), nullptr, nullptr, 0));
  if (!result.has_value()) return std::unexpected(result.error());
  PgRows rows;
  const PGresult* found = result->get();
  const int columns = pq.PQnfields(found);
  for (int i = 0; i < pq.PQntuples(found); ++i) {
    PgRow row;
    for (int c = 0; c < columns; ++c) {
      if (pq.PQgetisnull(found, i, c) != 0) {
        row.emplace_back();
      } else {
        row.emplace_back(std::string(pq.PQgetvalue(found, i, c),
                                     static_cast<std::size_t>(pq.PQgetlength(found, i, c))));
      }
    }
    rows.rows.push_back(std::move(row));
  }
  rows.affected = std::strtoll(pq.PQcmdTuples(result->get()), nullptr, 10);
  return rows;
}

namespace {

std::vector<PgColumn> columns_of(const PGresult* result) {
  const Libpq& pq = libpq();
  const int count = pq.PQnfields(result);
  std::vector<PgColumn> columns;
  columns.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    columns.push_back({pq.PQfname(result, i), pq.PQftype(result, i), pq.PQfmod(result, i)});
  }
  return columns;
}

PgResult<> take_rows(const PGresult* result, PgRowTaker& taker) {
  const Libpq& pq = libpq();
  std::vector<std::optional<std::string_view>> values(
      static_cast<std::size_t>(pq.PQnfields(result)));
  for (int row = 0; row < pq.PQntuples(result); ++row) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int at = static_cast<int>(i);
      values[i].reset();
      if (pq.PQgetisnull(result, row, at) != 0) continue;
      values[i].emplace(pq.PQgetvalue(result, row, at),
                        static_cast<std::size_t>(pq.PQgetlength(result, row, at)));
    }
    PG_TRY(taker.row(values));
  }
  return {};
}

}  // namespace

PgResult<PgDone> PgConnection::stream(const std::string& sql, const std::vector<PgValue>& values,
                                      PgRowTaker& taker) {
  const Libpq& pq = libpq();
  std::vector<const char*> texts;
  std::vector<Oid> types;
  for (const PgValue& value : values) {
    texts.push_back(value.text.has_value() ? value.text->c_str() : nullptr);
    types.push_back(value.type);
  }
  if (pq.PQsendQueryParams(state_->conn, sql.c_str(), static_cast<int>(texts.size()), types.data(),
                           texts.data(), nullptr, nullptr, 0) == 0) {
    return std::unexpected(state_->broken());
  }
  pq.PQsetSingleRowMode(state_->conn);
  PG_TRY(state_->flush());
  PgDone done;
  bool begun = false;
  std::optional<PgFault> fault;
  while (true) {
    PG_TRY_ASSIGN(const ResultPtr result, state_->next());
    if (result == nullptr) break;
    const ExecStatusType status = pq.PQresultStatus(result.get());
    if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
      if (!fault.has_value()) fault = state_->fault_of(result.get());
      continue;
    }
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
      return std::unexpected(
          PgFault{.state = "0A000",
                  .message = "COPY to or from the client has nobody there; use a load or a share"});
    }
    if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK) {
      if (!std::exchange(begun, true)) PG_TRY(taker.columns(columns_of(result.get())));
      if (auto taken = take_rows(result.get(), taker); !taken.has_value()) {
        state_->cancel();
        return std::unexpected(std::move(taken.error()));
      }
    }
    done.tag = pq.PQcmdStatus(result.get());
    done.affected = std::strtoll(pq.PQcmdTuples(result.get()), nullptr, 10);
  }
  if (fault.has_value()) return std::unexpected(*fault);
  return done;
}

PgResult<std::vector<std::uint32_t>> PgConnection::parameter_types(
    const std::string& sql, const std::vector<std::uint32_t>& types) {
  const Libpq& pq = libpq();
  const std::vector<Oid> given(types.begin(), types.end());
  auto prepared = state_->sent(pq.PQsendPrepare(state_->conn, "", sql.c_str(),
                                                static_cast<int>(given.size()), given.data()));
  if (!prepared.has_value()) return std::unexpected(prepared.error());
  auto result = state_->sent(pq.PQsendDescribePrepared(state_->conn, ""));
  if (!result.has_value()) return std::unexpected(result.error());
  const int count = pq.PQnparams(result->get());
  std::vector<std::uint32_t> found;
  found.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    found.push_back(pq.PQparamtype(result->get(), i));
  }
  return found;
}

void PgConnection::hear_notices(std::function<void(std::string_view)> say) {
  state_->say = std::move(say);
  libpq().PQsetNoticeProcessor(state_->conn, say_notice, &state_->say);
}

PgResult<std::vector<PgColumn>> PgConnection::describe(const std::string& sql) {
  const Libpq& pq = libpq();
  auto prepared = state_->sent(pq.PQsendPrepare(state_->conn, "", sql.c_str(), 0, nullptr));
  if (!prepared.has_value()) return std::unexpected(prepared.error());
  auto result = state_->sent(pq.PQsendDescribePrepared(state_->conn, ""));
  if (!result.has_value()) return std::unexpected(result.error());
  return columns_of(result->get());
}

PgResult<std::vector<PgNotice>> PgConnection::notices(std::chrono::milliseconds longest) {
  const Libpq& pq = libpq();
  const auto deadline = Clock::now() + longest;
  std::vector<PgNotice> found;
  while (true) {
    if (pq.PQconsumeInput(state_->conn) == 0) return std::unexpected(state_->broken());
    while (PGnotify* notice = pq.PQnotifies(state_->conn)) {
      found.push_back({notice->relname, notice->extra});
      pq.PQfreemem(notice);
    }
    if (!found.empty()) return found;
    const Waited waited = wait_for(pq.PQsocket(state_->conn), POLLIN, *state_->wake, deadline);
    if (waited == Waited::kEnd) return std::unexpected(asked_to_end());
    if (waited == Waited::kTimeout) return found;
  }
}

PgResult<> PgConnection::begin_stream(const std::string& sql) {
  const auto begun = state_->sent(libpq().PQsendQuery(state_->conn, sql.c_str()));
  if (!begun.has_value()) return std::unexpected(begun.error());
  if (libpq().PQresultStatus(begun->get()) == PGRES_COPY_BOTH) return {};
  return std::unexpected(PgFault{.message = "the server begins no stream", .refused = true});
}

PgResult<std::optional<std::string>> PgConnection::next_message(std::chrono::milliseconds longest) {
  const Libpq& pq = libpq();
  const auto deadline = Clock::now() + longest;
  bool looked = false;
  while (true) {
    char* bytes = nullptr;
    const int size = pq.PQgetCopyData(state_->conn, &bytes, 1);
    if (size > 0) {
      std::string message(bytes, static_cast<std::size_t>(size));
      pq.PQfreemem(bytes);
      return message;
    }
    if (size == -2) return std::unexpected(state_->broken());
    if (size == -1) {
      auto ended = state_->last();
      if (!ended.has_value()) return std::unexpected(ended.error());
      return std::unexpected(PgFault{.message = "the server ended the stream", .lost = true});
    }
    if (looked) {
      const Waited waited = wait_for(pq.PQsocket(state_->conn), POLLIN, *state_->wake, deadline);
      if (waited == Waited::kEnd) return std::unexpected(asked_to_end());
      if (waited == Waited::kTimeout) return std::optional<std::string>();
    }
    if (pq.PQconsumeInput(state_->conn) == 0) return std::unexpected(state_->broken());
    looked = true;
  }
}

PgResult<> PgConnection::send_message(const std::string& bytes) {
  if (libpq().PQputCopyData(state_->conn, bytes.data(), static_cast<int>(bytes.size())) < 0) {
    return std::unexpected(state_->broken());
  }
  return state_->flush();
}

PgResult<std::int64_t> PgConnection::copy_in(const std::string& sql, const std::string& path) {
  const Libpq& pq = libpq();
  const File file(path, O_RDONLY);
  if (file.get() < 0) return std::unexpected(file_fault("read", path));
  auto begun = state_->sent(pq.PQsendQuery(state_->conn, sql.c_str()));
  if (!begun.has_value()) return std::unexpected(begun.error());
  std::vector<char> buffer(std::size_t{256} << 10);
  while (true) {
    const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(file_fault("read", path));
    if (n == 0) break;
    if (pq.PQputCopyData(state_->conn, buffer.data(), static_cast<int>(n)) < 0) {
      return std::unexpected(state_->broken());
    }
    if (auto flushed = state_->flush(); !flushed.has_value()) {
      return std::unexpected(flushed.error());
    }
  }
  if (pq.PQputCopyEnd(state_->conn, nullptr) < 0) return std::unexpected(state_->broken());
  auto ended = state_->last();
  if (!ended.has_value()) return std::unexpected(ended.error());
  return std::strtoll(pq.PQcmdTuples(ended->get()), nullptr, 10);
}

PgResult<PgCopied> PgConnection::copy_out(const std::string& sql, const std::string& path) {
  const Libpq& pq = libpq();
  const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.get() < 0) return std::unexpected(file_fault("write", path));
  auto begun = state_->sent(pq.PQsendQuery(state_->conn, sql.c_str()));
  if (!begun.has_value()) return std::unexpected(begun.error());
  PgCopied copied;
  std::string pending;
  const auto write_pending = [&]() {
    for (std::string_view left = pending; !left.empty();) {
      const ssize_t n = ::write(file.get(), left.data(), left.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return false;
      left.remove_prefix(static_cast<std::size_t>(n));
    }
    pending.clear();
    return true;
  };
  while (true) {
    char* row = nullptr;
    const int bytes = pq.PQgetCopyData(state_->conn, &row, 1);
    if (bytes == -1) break;
    if (bytes == -2) return std::unexpected(state_->broken());
    if (bytes == 0) {
      if (wait_for(pq.PQsocket(state_->conn), POLLIN, *state_->wake, std::nullopt) ==
          Waited::kEnd) {
        return std::unexpected(state_->cancel());
      }
      if (pq.PQconsumeInput(state_->conn) == 0) return std::unexpected(state_->broken());
      continue;
    }
    pending.append(row, static_cast<std::size_t>(bytes));
    pq.PQfreemem(row);
    copied.row_bytes_max = std::max(copied.row_bytes_max, static_cast<std::size_t>(bytes));
    ++copied.rows;
    constexpr std::size_t kWriteBytes = std::size_t{1} << 20;
    if (pending.size() >= kWriteBytes && !write_pending()) {
      return std::unexpected(file_fault("write", path));
    }
  }
  if (!write_pending()) return std::unexpected(file_fault("write", path));
  auto ended = state_->last();
  if (!ended.has_value()) return std::unexpected(ended.error());
  return copied;
}

bool wait_ms(std::int64_t ms, const Wake& wake) {
  const auto deadline = Clock::now() + std::chrono::milliseconds(ms);
  return wait_for(-1, 0, wake, deadline) != Waited::kEnd;
}

}  // namespace cordyna
