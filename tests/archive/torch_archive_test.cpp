#include "pickle_reader.hpp"
#include "zip_parts.hpp"

#include <cstring>
#include <fstream>
#include <stdexcept>

#include <gtest/gtest.h>
#include <scratch.hpp>
#include <zip_builder.hpp>

#include <tessera/archive/torch_archive.hpp>
#include <tessera/base/error.hpp>

namespace tessera::archive {
namespace {

using Text = std::string;
using test::number;
using test::zip_of;

base::ByteSpan bytes_of(Text const& text) {
    return std::as_bytes(std::span(text));
}

Text text(Text const& value) {
    return "X" + number(value.size(), 4) + value;
}

/// torch.save({'w': float tensor [2, 3] of 6}) by hand, as pickletools shows it.
Text pickle_with(Text const& function, Text const& shape = Text("K\x02K\x03\x86"),
                 Text const& key = "0", int elements = 6) {
    auto const storage = "(" + text("storage") + "ctorch\nFloatStorage\n" + text(key) +
                         text("cpu") + "K" + static_cast<char>(elements) + "tQ";
    auto const arguments = "(" + storage + Text("K\0", 2) + shape + Text("K\x03K\x01\x86\x89", 6) +
                           "ccollections\nOrderedDict\n)Rt";
    return Text("\x80\x02}") + "(" + text("w") + "c" + function + "\n" + arguments + "Ru.";
}

Text const rebuild = "torch._utils\n_rebuild_tensor_v2";

Text checkpoint(Text const& pickle, Text const& storage = Text(24, '\x01')) {
    return zip_of({{"archive/data.pkl", pickle}, {"archive/data/0", storage}});
}

Text fault_of(Text const& file) {
    try {
        tensors_of(bytes_of(file));
    } catch (std::invalid_argument const& fault) {
        return fault.what();
    }
    return "";
}

TEST(TorchArchive, ReadsATensorByItsName) {
    auto const file = checkpoint(pickle_with(rebuild));
    auto const tensors = tensors_of(bytes_of(file));
    ASSERT_EQ(tensors.size(), 1U);
    EXPECT_EQ(tensors[0].name, "w");
    EXPECT_EQ(tensors[0].type, ElementType::float32);
    EXPECT_EQ(tensors[0].shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(tensors[0].bytes.size(), 24U);
}

TEST(TorchArchive, NothingIsEverCalled) {
    EXPECT_NE(fault_of(checkpoint(pickle_with("posix\nsystem"))).find("posix.system"), Text::npos);
    EXPECT_NE(fault_of(checkpoint(pickle_with("builtins\neval"))).find("only tensors"), Text::npos);
    // The classic attack: REDUCE of os.system over a command.
    EXPECT_NE(fault_of(checkpoint("cos\nsystem\n(" + text("touch /tmp/x") + "tR.")), "");
}

TEST(TorchArchive, LiesAboutSizesAreRefused) {
    EXPECT_NE(fault_of(checkpoint(pickle_with(rebuild), Text(20, 'x'))), "");  // storage cut
    auto const huge = Text("\x8a\x08") + number(std::uint64_t{1} << 62, 8);
    EXPECT_NE(fault_of(checkpoint(pickle_with(rebuild, huge + huge + "\x86"))), "");
    auto const negative = Text("J") + number(0xffffffff, 4);
    EXPECT_NE(fault_of(checkpoint(pickle_with(rebuild, negative + "K\x03\x86"))), "");
    EXPECT_NE(fault_of(checkpoint(pickle_with(rebuild, "K\x03K\x02\x86"))), "");  // strides differ
    EXPECT_NE(fault_of(checkpoint(pickle_with(rebuild, "K\x02K\x03\x86", "../../etc/passwd"))), "");
}

TEST(TorchArchive, DamageIsFoundByteByByte) {
    auto const file = checkpoint(pickle_with(rebuild));
    auto const storage = file.find(Text(24, '\x01'));
    auto damaged = file;
    damaged[storage + 5] = '\x02';
    EXPECT_NE(fault_of(damaged).find("CRC-32"), Text::npos);
    // Whatever byte is changed or wherever the file ends: an answer or a refusal, never a crash.
    for (std::size_t i = 0; i < file.size(); ++i) {
        auto changed = file;
        changed[i] = static_cast<char>(changed[i] ^ 0x55);
        static_cast<void>(fault_of(changed));
        EXPECT_NE(fault_of(file.substr(0, i)), "") << i;
    }
}

TEST(TorchArchive, OtherFilesAreToldApart) {
    EXPECT_NE(fault_of("").find("no zip file"), Text::npos);
    EXPECT_NE(fault_of(Text(100, 'x')).find("before 1.6"), Text::npos);
    EXPECT_NE(fault_of(zip_of({{"a.txt", "x"}})).find("no checkpoint"), Text::npos);
    EXPECT_NE(fault_of(zip_of({{"a/data.pkl", "x"}, {"a/data.pkl", "y"}})).find("twice"),
              Text::npos);
}

TEST(Pickle, MachinesThatNeverEndOrOnlyGrowAreStopped) {
    // A memo that is recalled into one list again and again.
    Text bomb = "]q";
    bomb += '\0';
    for (int i = 0; i < 5'000'000; ++i) bomb += Text("h\0", 2);
    EXPECT_THROW(tensors_of_pickle(bytes_of(bomb)), std::invalid_argument);
    Text self = "}q";  // a dictionary that holds itself
    self += Text("\0", 1) + text("model") + Text("h\0s.", 4);
    EXPECT_TRUE(tensors_of_pickle(bytes_of(self)).empty());
    EXPECT_THROW(tensors_of_pickle(bytes_of("(.")), std::invalid_argument);
    EXPECT_THROW(tensors_of_pickle(bytes_of("R.")), std::invalid_argument);
}

TEST(TorchArchive, NamesTheFile) {
    test::Scratch const folder;
    std::ofstream(folder / "odd.bin") << "not a checkpoint at all, but long enough";
    try {
        TorchArchive const archive(folder / "odd.bin");
        FAIL() << "was read";
    } catch (base::Error const& fault) {
        EXPECT_EQ(fault.code(), base::ExitCode::bad_input);
        EXPECT_NE(Text(fault.what()).find("odd.bin"), Text::npos);
    }
}

}  // namespace
}  // namespace tessera::archive
