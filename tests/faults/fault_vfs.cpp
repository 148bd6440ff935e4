#include "faults/fault_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cordyna::faults {
namespace {

constexpr std::size_t kSector = 512;

/// A write, or, without data, a cut.
struct Change {
  std::size_t at = 0;
  std::string data;
  bool is_cut = false;
};

void apply(std::string& content, const Change& change) {
  if (change.is_cut) {
    content.resize(std::min(content.size(), change.at));
    return;
  }
  if (content.size() < change.at + change.data.size()) {
    content.resize(change.at + change.data.size(), '\0');
  }
  content.replace(change.at, change.data.size(), change.data);
}

/// What the disk is sure to have of a file, and what it may have.
struct Shadow {
  std::string durable;
  std::vector<Change> pending;
};

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

enum class Operation : std::uint8_t { kRead, kWrite, kCut, kSync, kOpen, kMap };

bool can_hit(Fault fault, Operation operation) {
  switch (fault) {
    case Fault::kNone: return false;
    case Fault::kIoError: return operation != Operation::kSync && operation != Operation::kRead;
    case Fault::kFull:
    case Fault::kShort: return operation == Operation::kWrite;
    case Fault::kSync:
    case Fault::kForget: return operation == Operation::kSync;
    case Fault::kFlip: return operation == Operation::kRead;
    case Fault::kPowerLoss:
      return operation == Operation::kWrite || operation == Operation::kCut ||
             operation == Operation::kSync;
  }
  return false;
}

}  // namespace

struct FaultVfs::State {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  Fault fault = Fault::kNone;
  std::uint64_t at = 0;
  std::uint64_t count = 0;
  bool lasting = false;
  bool hit = false;
  bool off = false;
  std::uint64_t lies = 0;  ///< of a hundred syncs
  std::mt19937_64 draw;
  std::map<std::string, Shadow> shadows;

  bool fails(Operation operation) {
    if (!can_hit(fault, operation)) return false;
    ++count;
    const bool now = lasting ? count >= at : count == at;
    if (!now || at == 0) return false;
    hit = true;
    if (fault != Fault::kPowerLoss) return true;
    off = true;
    return false;
  }
};

namespace {

using State = FaultVfs::State;

/// What is on the disk of a file.
std::string after_loss(const Shadow& shadow, Loss loss, std::mt19937_64& draw) {
  std::string content = shadow.durable;
  std::vector<Change> changes = shadow.pending;
  if (loss == Loss::kInOrder) {
    changes.resize(draw() % (changes.size() + 1));
    for (const Change& change : changes) apply(content, change);
    return content;
  }
  for (std::size_t i = changes.size(); i > 1; --i) std::swap(changes[i - 1], changes[draw() % i]);
  if (loss == Loss::kLittle) changes = shadow.pending;  // in their order, but for holes
  for (const Change& change : changes) {
    const std::uint64_t what = draw() % (loss == Loss::kLittle ? 60 : 10);
    const bool torn = what == 8 || what == 9;
    if (what < (loss == Loss::kLittle ? 2u : 4u)) continue;
    if (!torn || change.is_cut) {
      apply(content, change);
      continue;
    }
    for (std::size_t from = 0; from < change.data.size(); from += kSector) {
      if (draw() % 2 == 0) continue;
      apply(content, {change.at + from, change.data.substr(from, kSector)});
    }
  }
  return content;
}

constexpr const char* kDisk = ".disk";

/// The pages are clean from now on, and the disk has not got them.
void forget(State& state, Shadow& shadow) {
  const auto has = [&shadow](const auto& one) { return &one.second == &shadow; };
  const auto file = std::find_if(state.shadows.begin(), state.shadows.end(), has);
  const std::string content = after_loss(shadow, Loss::kAny, state.draw);
  std::ofstream(file->first + kDisk, std::ios::binary | std::ios::trunc) << content;
}

struct File {
  sqlite3_file base;
  State* state;
  Shadow* shadow;  ///< of the database and its log
  sqlite3_file* real;
};

File& file_of(sqlite3_file* file) {
  return *reinterpret_cast<File*>(file);
}

int close(sqlite3_file* raw) {
  File& file = file_of(raw);
  return file.real->pMethods != nullptr ? file.real->pMethods->xClose(file.real) : SQLITE_OK;
}

int read(sqlite3_file* raw, void* out, int size, sqlite3_int64 at) {
  File& file = file_of(raw);
  const int rc = file.real->pMethods->xRead(file.real, out, size, at);
  if (rc == SQLITE_OK && file.shadow != nullptr && file.state->fails(Operation::kRead)) {
    const std::uint64_t bit = file.state->draw() % (static_cast<std::uint64_t>(size) * 8);
    static_cast<unsigned char*>(out)[bit / 8] ^= static_cast<unsigned char>(1u << (bit % 8));
  }
  return rc;
}

int write(sqlite3_file* raw, const void* data, int size, sqlite3_int64 at) {
  File& file = file_of(raw);
  State& state = *file.state;
  if (state.fails(Operation::kWrite)) {
    if (state.fault == Fault::kIoError) return SQLITE_IOERR_WRITE;
    if (state.fault == Fault::kShort && size > 1) {
      (void)file.real->pMethods->xWrite(file.real, data, size / 2, at);
      if (file.shadow != nullptr) {
        file.shadow->pending.push_back(
            {static_cast<std::size_t>(at),
             std::string(static_cast<const char*>(data), static_cast<std::size_t>(size / 2))});
      }
    }
    return SQLITE_FULL;
  }
  if (file.shadow != nullptr && !state.off) {
    file.shadow->pending.push_back(
        {static_cast<std::size_t>(at),
         std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))});
  }
  return file.real->pMethods->xWrite(file.real, data, size, at);
}

int cut(sqlite3_file* raw, sqlite3_int64 size) {
  File& file = file_of(raw);
  if (file.state->fails(Operation::kCut)) return SQLITE_IOERR_TRUNCATE;
  if (file.shadow != nullptr && !file.state->off) {
    file.shadow->pending.push_back({static_cast<std::size_t>(size), {}, true});
  }
  return file.real->pMethods->xTruncate(file.real, size);
}

int sync(sqlite3_file* raw, int flags) {
  File& file = file_of(raw);
  State& state = *file.state;
  if (state.fails(Operation::kSync)) {
    if (state.fault == Fault::kForget && file.shadow != nullptr) forget(state, *file.shadow);
    return SQLITE_IOERR_FSYNC;
  }
  if (state.off || state.draw() % 100 < state.lies) return SQLITE_OK;
  if (file.shadow != nullptr) {
    for (const Change& change : file.shadow->pending) apply(file.shadow->durable, change);
    file.shadow->pending.clear();
  }
  // The real disk is not what is tested, and waiting for it would take most of the time.
  static_cast<void>(flags);
  return SQLITE_OK;
}

int size_of(sqlite3_file* raw, sqlite3_int64* out) {
  File& file = file_of(raw);
  return file.real->pMethods->xFileSize(file.real, out);
}

int lock(sqlite3_file* raw, int level) {
  File& file = file_of(raw);
  return file.real->pMethods->xLock(file.real, level);
}

int unlock(sqlite3_file* raw, int level) {
  File& file = file_of(raw);
  return file.real->pMethods->xUnlock(file.real, level);
}

int check_lock(sqlite3_file* raw, int* out) {
  File& file = file_of(raw);
  return file.real->pMethods->xCheckReservedLock(file.real, out);
}

int control(sqlite3_file* raw, int operation, void* argument) {
  File& file = file_of(raw);
  return file.real->pMethods->xFileControl(file.real, operation, argument);
}

int sector_size(sqlite3_file* raw) {
  File& file = file_of(raw);
  return file.real->pMethods->xSectorSize(file.real);
}

/// Only what is sure of every disk: SQLite then takes the most care.
int device(sqlite3_file* /*raw*/) {
  return 0;
}

int map(sqlite3_file* raw, int page, int size, int extend, void volatile** out) {
  File& file = file_of(raw);
  if (file.state->fails(Operation::kMap)) return SQLITE_IOERR_SHMMAP;
  return file.real->pMethods->xShmMap(file.real, page, size, extend, out);
}

int map_lock(sqlite3_file* raw, int offset, int count, int flags) {
  File& file = file_of(raw);
  return file.real->pMethods->xShmLock(file.real, offset, count, flags);
}

void barrier(sqlite3_file* raw) {
  File& file = file_of(raw);
  file.real->pMethods->xShmBarrier(file.real);
}

int unmap(sqlite3_file* raw, int remove) {
  File& file = file_of(raw);
  return file.real->pMethods->xShmUnmap(file.real, remove);
}

constexpr sqlite3_io_methods kMethods{
    2,       close,       read,   write, cut,      sync,    size_of, lock,    unlock, check_lock,
    control, sector_size, device, map,   map_lock, barrier, unmap,   nullptr, nullptr};

State& state_of(sqlite3_vfs* vfs) {
  return *static_cast<State*>(vfs->pAppData);
}

int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* raw, int flags, int* out_flags) {
  State& state = state_of(vfs);
  File& file = file_of(raw);
  file.base.pMethods = nullptr;
  file.state = &state;
  file.shadow = nullptr;
  file.real = reinterpret_cast<sqlite3_file*>(&file + 1);
  file.real->pMethods = nullptr;
  if (state.fails(Operation::kOpen)) return SQLITE_CANTOPEN;
  const int rc = state.real->xOpen(state.real, name, file.real, flags, out_flags);
  if (rc != SQLITE_OK) return rc;
  file.base.pMethods = &kMethods;
  if (name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
    const auto [found, fresh] = state.shadows.try_emplace(name);
    if (fresh) found->second.durable = read_all(name);
    file.shadow = &found->second;
  }
  return SQLITE_OK;
}

int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  State& state = state_of(vfs);
  state.shadows.erase(name);
  return state.real->xDelete(state.real, name, sync_folder);
}

}  // namespace

FaultVfs::FaultVfs() : state_(std::make_unique<State>()) {
  state_->real = sqlite3_vfs_find(nullptr);
  state_->vfs = *state_->real;
  state_->vfs.pNext = nullptr;
  state_->vfs.zName = "faults";
  state_->vfs.szOsFile = static_cast<int>(sizeof(File)) + state_->real->szOsFile;
  state_->vfs.pAppData = state_.get();
  state_->vfs.xOpen = open;
  state_->vfs.xDelete = remove;
  // The others take the VFS only to pass it on, and must get their own.
  state_->vfs.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* out) {
    State& state = state_of(vfs);
    return state.real->xAccess(state.real, name, flags, out);
  };
  state_->vfs.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* out) {
    State& state = state_of(vfs);
    return state.real->xFullPathname(state.real, name, size, out);
  };
  sqlite3_vfs_register(&state_->vfs, 1);
}

FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&state_->vfs);
  sqlite3_vfs_register(state_->real, 1);
}

void FaultVfs::arm(Fault fault, std::uint64_t at, bool lasting) {
  state_->fault = fault;
  state_->at = at;
  state_->lasting = lasting;
  state_->count = 0;
  state_->hit = false;
}

void FaultVfs::heal() {
  state_->fault = Fault::kNone;
}

std::uint64_t FaultVfs::count() const {
  return state_->count;
}
bool FaultVfs::was_hit() const {
  return state_->hit;
}
bool FaultVfs::power_is_off() const {
  return state_->off;
}
void FaultVfs::cut_power() {
  state_->off = true;
}

void FaultVfs::lie(std::uint64_t percent, std::uint64_t seed) {
  state_->lies = percent;
  state_->draw.seed(seed);
}

void FaultVfs::take_disk(const std::string& path) {
  std::error_code none;
  std::filesystem::rename(path + kDisk, path, none);
}

void FaultVfs::restore_power(std::uint64_t seed, Loss loss) {
  heal();
  if (state_->off) {
    std::mt19937_64 draw(seed);
    for (const auto& [path, shadow] : state_->shadows) {
      if (!std::filesystem::exists(path)) continue;  // it has another name by now
      std::ofstream(path, std::ios::binary | std::ios::trunc) << after_loss(shadow, loss, draw);
      // Whatever the shared memory was: half of the time it is gone, else it is anything.
      if (path.ends_with("-wal")) {
        const std::string shared = path.substr(0, path.size() - 4) + "-shm";
        std::ofstream file(shared, std::ios::binary | std::ios::trunc);
        if (draw() % 2 == 0) file << std::string(32768, static_cast<char>(draw() % 256));
      }
    }
  }
  state_->off = false;
  state_->lies = 0;
  state_->shadows.clear();
}

}  // namespace cordyna::faults
