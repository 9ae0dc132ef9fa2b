#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::base {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// Fails the n-th operation that reaches the disk.
class BreakingFiles final : public FileSystem {
  public:
    explicit BreakingFiles(int fail_at) : left_(fail_at) {}

    std::unique_ptr<OutputFile> create(fs::path const& path) override {
        count();
        return local_files().create(path);
    }
    void sync_file(fs::path const& path) override {
        count();
        local_files().sync_file(path);
    }
    void rename(fs::path const& from, fs::path const& to) override {
        count();
        local_files().rename(from, to);
    }
    void sync_folder(fs::path const& folder) override {
        count();
        local_files().sync_folder(folder);
    }
    void remove(fs::path const& path) override { local_files().remove(path); }

  private:
    void count() {
        if (left_-- == 0) throw Error(ExitCode::environment, "no space left");
    }
    int left_;
};

TEST(Publish, LeavesTheOldTextWholeWhereverItFailsBeforeTheRename) {
    for (int step = 0; step < 3; ++step) {
        test::Scratch scratch;
        publish(local_files(), scratch / "a.txt", "old");
        BreakingFiles files(step);
        EXPECT_THROW(publish(files, scratch / "a.txt", "new"), Error);
        EXPECT_EQ(read_text(scratch / "a.txt"), "old");
        EXPECT_FALSE(fs::exists(scratch / "a.txt.tmp"));
    }
}

TEST(Publish, ReplacesTheText) {
    test::Scratch scratch;
    publish(local_files(), scratch / "a.txt", "old");
    publish(local_files(), scratch / "a.txt", "new");
    EXPECT_EQ(read_text(scratch / "a.txt"), "new");
}

TEST(Publish, NamesThePathThatCannotBeWritten) {
    try {
        publish(local_files(), "/proc/nowhere/a.txt", "x");
        FAIL();
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), ExitCode::environment);
        EXPECT_THAT(error.what(), HasSubstr("/proc/nowhere/a.txt"));
    }
}

TEST(ReadText, RefusesWhatIsAboveTheLimit) {
    test::Scratch scratch;
    publish(local_files(), scratch / "a.txt", std::string(100, 'x'));
    EXPECT_EQ(read_text(scratch / "a.txt", 100).size(), 100U);
    EXPECT_THROW(read_text(scratch / "a.txt", 99), Error);
    EXPECT_THROW(read_text(scratch / "absent"), Error);
}

TEST(FolderLock, TheSecondIsRefusedAndToldTheFirst) {
    test::Scratch scratch;
    FolderLock const first(scratch.path());
    try {
        FolderLock const second(scratch.path());
        FAIL();
    } catch (Error const& error) {
        EXPECT_THAT(error.what(), HasSubstr("process " + std::to_string(::getpid())));
    }
}

TEST(FolderLock, IsFreeAgainAfterwards) {
    test::Scratch scratch;
    { FolderLock const first(scratch.path()); }
    EXPECT_NO_THROW(FolderLock(scratch.path()));
}

TEST(FolderLock, ItsHolderIsNamedWhileThereIsOne) {
    test::Scratch scratch;
    EXPECT_EQ(folder_holder(scratch.path()), "");
    {
        FolderLock const held(scratch.path());
        EXPECT_THAT(folder_holder(scratch.path()),
                    HasSubstr("process " + std::to_string(::getpid())));
    }
    EXPECT_EQ(folder_holder(scratch.path()), "");
}

TEST(Printable, KeepsTextAndEscapesWhatHarmsATerminal) {
    EXPECT_EQ(printable("plain käse €"), "plain käse €");
    EXPECT_EQ(printable("a\nb\x1b[2J"), "a\\x0ab\\x1b[2J");
    EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");
    EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // right-to-left override
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");           // C1 control sequence introducer
}

TEST(MappedFile, ShowsTheBytesAndAnEmptyFile) {
    test::Scratch scratch;
    publish(local_files(), scratch / "a", "hello");
    publish(local_files(), scratch / "empty", "");
    MappedFile const file(scratch / "a");
    EXPECT_EQ(file.bytes().size(), 5U);
    EXPECT_EQ(load_byte(file.bytes(), 4), 'o');
    EXPECT_TRUE(MappedFile(scratch / "empty").bytes().empty());
    EXPECT_THROW(MappedFile(scratch.path()), Error);
}

// XXH3-128 of "" with seed 0, from the xxHash test vectors.
TEST(Checksum, EqualsThePublishedVectorAndGrowsPieceByPiece) {
    EXPECT_EQ(checksum({}), "99aa06d3014798d86001c324468d497f");
    auto const text = std::string("in pieces");
    auto const bytes = std::as_bytes(std::span(text));
    Checksum pieces;
    pieces.add(bytes.first(3));
    pieces.add(bytes.subspan(3));
    EXPECT_EQ(pieces.hex(), checksum(bytes));
}

}  // namespace
}  // namespace tessera::base
