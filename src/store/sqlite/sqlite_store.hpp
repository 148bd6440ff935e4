/// State in one SQLite file. One owner writes; any number of readers look on.
#pragma once

#include <functional>
#include <memory>

#include "base/result.hpp"
#include "model/layout.hpp"
#include "ports/store.hpp"

namespace cordyna {

/// Becomes the owner of a state folder, which is made (0700) if missing; its parent must exist.
///
/// Ownership ends with the store, or with the process, however that ends. Older states are brought
/// to this version first. `owned` is called as soon as the folder is ours, before the file is
/// opened (which takes milliseconds). Errors: kConflict: another process owns it (named);
/// kUnavailable: read-only, no space, a network file system; kCorrupt: damaged, not ours, or of a
/// newer version. Threads: the store is used by one at a time.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(
    const StateLayout& layout, const std::function<void()>& owned = {});

/// Reads a state, whether it is owned or not. Writes nothing, waits for nobody.
///
/// Errors: kNotFound: no state there; otherwise as above.
/// Threads: the reader is used by one at a time.
[[nodiscard]] Result<std::unique_ptr<StoreReader>> open_sqlite_reader(const StateLayout& layout);

}  // namespace cordyna
