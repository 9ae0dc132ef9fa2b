#include <fstream>

#include <capture_builder.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <scratch.hpp>

#include <tessera/base/error.hpp>
#include <tessera/capture/capture_files.hpp>

namespace tessera::capture {

namespace fs = std::filesystem;
using testing::ElementsAre;

namespace {

class CaptureFiles : public testing::Test {
  protected:
    fs::path capture(std::string const& name) { return file(name, test::PcapWriter().bytes()); }
    fs::path file(std::string const& name, test::Bytes const& bytes) {
        auto const path = scratch_ / name;
        fs::create_directories(path.parent_path());
        return test::save(path, bytes);
    }
    std::string at(std::string const& name) const { return (scratch_ / name).string(); }

    static std::vector<std::string> names(FoundCaptures const& found) {
        std::vector<std::string> result;
        for (auto const& file : found.captures) result.push_back(file.name);
        return result;
    }

    test::Scratch scratch_;
};

}  // namespace

TEST_F(CaptureFiles, FolderIsSearchedByContentAndName) {
    capture("in/b/no_ending");
    capture("in/a.pcap");
    file("in/README.md", test::text("# notes"));
    file("in/labels.toml", {});
    file("in/SHA256SUMS", test::text("00"));
    file("in/broken.pcap", test::text("<html>"));
    file("in/empty.pcapng.gz", {});
    auto const found = find_captures({at("in")});
    EXPECT_THAT(names(found),
                ElementsAre("a.pcap", "b/no_ending", "broken.pcap", "empty.pcapng.gz"));
    EXPECT_EQ(found.skipped, 3U);
    EXPECT_EQ(found.captures[0].bytes, 24U);
    EXPECT_NE(found.captures[0].modified, 0);
    EXPECT_EQ(found.captures[0].path, at("in/a.pcap"));
}

TEST_F(CaptureFiles, HiddenFilesArePassedOver) {
    capture("in/.hidden.pcap");
    capture("in/.git/object");
    capture("in/..%2fodd.pcap");
    EXPECT_THAT(names(find_captures({at("in")})), ElementsAre("..%2fodd.pcap"));
}

TEST_F(CaptureFiles, NamedFileIsAlwaysTaken) {
    file("notes.txt", test::text("hello"));
    capture(".hidden.pcap");
    EXPECT_THAT(names(find_captures({at("notes.txt"), at(".hidden.pcap")})),
                ElementsAre(".hidden.pcap", "notes.txt"));
}

TEST_F(CaptureFiles, OrderIsByPathWhateverTheInputs) {
    capture("in/B.pcap");
    capture("in/a.pcap");
    capture("in/a/z.pcap");
    auto const found = find_captures({at("in/a.pcap"), at("in/a"), at("in/B.pcap")});
    EXPECT_THAT(names(found), ElementsAre("B.pcap", "a.pcap", "z.pcap"));
}

TEST_F(CaptureFiles, EachFileOnce) {
    capture("in/a.pcap");
    fs::create_symlink(at("in/a.pcap"), at("in/again.pcap"));
    auto const found = find_captures({at("in/a.pcap"), at("in"), at("in/../in/a.pcap")});
    EXPECT_EQ(found.captures.size(), 1U);
}

TEST_F(CaptureFiles, LinkLoopsEnd) {
    capture("in/deep/a.pcap");
    fs::create_directory_symlink(at("in"), at("in/deep/up"));
    fs::create_symlink(at("in/nowhere"), at("in/dangling.pcap"));
    auto const found = find_captures({at("in")});
    EXPECT_THAT(names(found), ElementsAre("deep/a.pcap"));
    EXPECT_EQ(found.skipped, 1U);
}

TEST_F(CaptureFiles, Glob) {
    capture("in/run1/web.pcap");
    capture("in/run2/web.pcap");
    capture("in/run2/mail.pcap");
    EXPECT_THAT(names(find_captures({at("in/run*/web.pcap")})),
                ElementsAre("run1/web.pcap", "run2/web.pcap"));
    EXPECT_THROW(find_captures({at("in/none*.pcap")}), base::Error);
}

TEST_F(CaptureFiles, GlobCharactersInAnExistingNameAreNoPattern) {
    capture("in/[odd]*.pcap");
    EXPECT_THAT(names(find_captures({at("in/[odd]*.pcap")})), ElementsAre("[odd]*.pcap"));
}

TEST_F(CaptureFiles, List) {
    auto const one = capture("in/one.pcap").string();
    capture("in/more/two.pcap");
    file("list", test::text(one + "\r\n\n" + at("in/more") + "\n"));
    EXPECT_THAT(names(find_captures({"@" + at("list")})), ElementsAre("two.pcap", one));
    file("list", test::text(at("absent.pcap")));
    EXPECT_THROW(find_captures({"@" + at("list")}), base::Error);
    EXPECT_THROW(find_captures({"@" + at("absent")}), base::Error);
}

TEST_F(CaptureFiles, EqualNamesAreToldApartByTheirFolders) {
    for (auto const* name : {"mail/1.pcap", "mail/2.pcap", "web/1.pcap", "web/3.pcap"}) {
        capture(name);
    }
    capture("other/4.pcap");
    auto const apart =
        ElementsAre("mail/1.pcap", "mail/2.pcap", "4.pcap", "web/1.pcap", "web/3.pcap");
    EXPECT_THAT(names(find_captures({at("mail"), at("web/"), at("other")})), apart);
    EXPECT_THAT(names(find_captures(
                    {at("mail/*.pcap"), at("web/1.pcap"), at("web/3.pcap"), at("other/../other")})),
                apart);
}

TEST_F(CaptureFiles, EqualNamesInFoldersOfEqualNamesArePaths) {
    for (auto const* name : {"a/web/x.pcap", "b/web/x.pcap", "b/web/y.pcap"}) capture(name);
    EXPECT_THAT(names(find_captures({at("a/web"), at("b/web")})),
                ElementsAre(at("a/web/x.pcap"), at("b/web/x.pcap"), at("b/web/y.pcap")));
}

TEST_F(CaptureFiles, NamesOfStrangers) {
    for (auto const* name : {"new\nline.pcap", "sp ace;$(id).pcap", "-rf.pcap"}) {
        capture(std::string("in/") + name);
    }
    EXPECT_EQ(find_captures({at("in")}).captures.size(), 3U);
}

TEST_F(CaptureFiles, WhatIsNotThere) {
    EXPECT_THROW(find_captures({at("absent.pcap")}), base::Error);
    EXPECT_TRUE(find_captures({}).captures.empty());
    fs::create_directory(at("nothing"));
    EXPECT_TRUE(find_captures({at("nothing")}).captures.empty());
}

TEST_F(CaptureFiles, StandardInput) {
    auto const found = find_captures({"-"});
    EXPECT_EQ(found.captures.at(0).path, "-");
    EXPECT_EQ(found.captures.at(0).name, "-");
}

}  // namespace tessera::capture
