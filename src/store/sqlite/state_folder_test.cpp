#include "store/sqlite/state_folder.hpp"

#include <gtest/gtest.h>

namespace cordyna::sqlite {
namespace {

constexpr std::uint64_t kExt4 = 0xEF53;
constexpr std::uint64_t kTmpfs = 0x01021994;
constexpr std::uint64_t kOverlay = 0x794C7630;
constexpr std::uint64_t kNfs = 0x6969;
constexpr std::uint64_t kCifs = 0xFF534D42;
constexpr std::uint64_t kFuse = 0x65735546;

TEST(NetworkFileSystem, LocalOnesPass) {
  EXPECT_EQ(network_file_system(kExt4, ""), std::nullopt);
  EXPECT_EQ(network_file_system(kTmpfs, ""), std::nullopt);
  EXPECT_EQ(network_file_system(kOverlay, ""), std::nullopt);
}

TEST(NetworkFileSystem, RemoteOnesAreNamed) {
  EXPECT_EQ(network_file_system(kNfs, ""), "NFS");
  EXPECT_EQ(network_file_system(kCifs, ""), "CIFS");
}

TEST(NetworkFileSystem, OfFuseOnlyTheKnownLocalOnesPass) {
  EXPECT_EQ(network_file_system(kFuse, "fuseblk"), std::nullopt);
  EXPECT_EQ(network_file_system(kFuse, "fuse.fuse-overlayfs"), std::nullopt);
  EXPECT_EQ(network_file_system(kFuse, "fuse.sshfs"), "fuse.sshfs");
  EXPECT_EQ(network_file_system(kFuse, "fuse.of-tomorrow"), "fuse.of-tomorrow");
  EXPECT_EQ(network_file_system(kFuse, ""), "fuse");
}

}  // namespace
}  // namespace cordyna::sqlite
