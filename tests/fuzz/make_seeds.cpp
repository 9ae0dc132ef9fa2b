// Writes the seed corpora: make_seeds tests/fuzz/corpus
#include "known_frames.hpp"
#include "link_types.hpp"
#include "pcapng_builder.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

#include <capture_builder.hpp>
#include <zip_builder.hpp>

namespace {

namespace fs = std::filesystem;
using tessera::packet::LinkType;
using tessera::test::ByteOrder;
using tessera::test::Bytes;
using tessera::test::operator+;
namespace test = tessera::test;

std::byte index_of(LinkType link) {
    auto const& types = tessera::fuzz::link_types;
    return static_cast<std::byte>(std::find(types.begin(), types.end(), link) - types.begin());
}

void write_frames(fs::path const& folder) {
    fs::create_directories(folder);
    for (auto const& known : test::known_frames()) {
        auto name = known.name;
        std::replace(name.begin(), name.end(), ' ', '_');
        std::replace(name.begin(), name.end(), '/', '_');
        test::save(folder / name, Bytes{index_of(known.link), std::byte{0}} + known.bytes());
    }
}

void write_pcaps(fs::path const& folder) {
    fs::create_directories(folder);
    for (auto const magic : {0xa1b2c3d4U, 0xa1b23c4dU}) {
        for (auto const order : {ByteOrder::little, ByteOrder::big}) {
            test::PcapWriter writer({.order = order, .magic = magic});
            writer.add(test::frame({}), 1'000'000'000);
            writer.add(test::frame({.protocol = tessera::packet::Protocol::udp}), 2'000'000'000,
                       99);
            auto const clock = std::string(magic == 0xa1b2c3d4U ? "us" : "ns");
            test::save(folder / (clock + (order == ByteOrder::big ? "_be" : "_le")),
                       writer.bytes());
        }
    }
    auto const record = test::hex("01000000 02000000 36000000 36000000 03000000 0008 04 00");
    auto const packet = record + test::frame({});
    test::save(folder / "modified",
               test::PcapWriter({.magic = 0xa1b2cd34U}).bytes() + packet + packet);
    test::save(folder / "long_records", test::PcapWriter().bytes() + packet + packet + packet);
}

void write_pcapngs(fs::path const& folder) {
    fs::create_directories(folder);
    for (auto const order : {ByteOrder::little, ByteOrder::big}) {
        test::PcapngWriter writer(order);
        writer.interface(1, 65'535,
                         writer.option(9, test::hex("8a")) +
                             writer.option(14, writer.value(1'000, 8)) + writer.option(0, {}));
        writer.interface(101);
        writer.enhanced(test::frame({}), 1'000'000);
        writer.enhanced(test::ip_packet({}), 1'000'000, 1);
        writer.block(4, test::text("names"));
        writer.simple(test::frame({}), 54);
        writer.old_packet(test::frame({}), 2'000'000);
        writer.section(order == ByteOrder::big ? ByteOrder::little : ByteOrder::big);
        writer.interface();
        writer.enhanced(test::frame({}), 1'000'000);
        test::save(folder / (order == ByteOrder::big ? "be_then_le" : "le_then_be"),
                   writer.bytes());
    }
}

/// {'w': tensor [2, 3]} as PyTorch pickles it, protocol 2, alone and in a whole checkpoint.
void write_checkpoints(fs::path const& folder) {
    fs::create_directories(folder);
    using namespace std::string_literals;
    auto const pickle =
        "\x80\x02}q\0(X\x01\0\0\0wq\x01"s
        "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"s
        "ctorch\nFloatStorage\nX\x01\0\0\0"s
        "0X\x03\0\0\0cpuK\x06tQK\0K\x02K\x03\x86K\x03K\x01\x86\x89"s
        "ccollections\nOrderedDict\n)RtRu."s;
    test::save(folder / "tensor", test::text(pickle));
    test::save(
        folder / "checkpoint",
        test::text(test::zip_of({{"a/data.pkl", pickle}, {"a/data/0", std::string(24, 1)}})));
}

/// A datagram in three pieces, the last one first; one in a tunnel; two that cover each other.
void write_fragments(fs::path const& folder) {
    fs::create_directories(folder);
    auto const segment = test::transport(
        {.protocol = tessera::packet::Protocol::udp, .payload = Bytes(100, std::byte{0x5a})});
    auto const piece = [&](std::size_t begin, std::size_t end, unsigned more) {
        auto const from = segment.begin();
        Bytes const bytes(from + static_cast<std::ptrdiff_t>(begin),
                          from + static_cast<std::ptrdiff_t>(end));
        return test::ipv4(17, "10.0.0.1", "10.0.0.2", bytes, {},
                          static_cast<std::uint16_t>(more | begin / 8));
    };
    auto const frame = [](Bytes const& packet) {
        Bytes head;
        test::put(head, packet.size(), 2);
        head.push_back(index_of(LinkType::ipv4));
        test::put(head, 0x0100, 2);  // a second after the one before, captured whole
        return head + packet;
    };
    auto const tunnelled = [](Bytes const& packet) {
        return test::ipv4(4, "192.0.2.1", "192.0.2.2", packet);
    };
    test::save(folder / "reversed", frame(piece(80, 108, 0)) + frame(piece(40, 80, 0x2000)) +
                                        frame(piece(0, 40, 0x2000)));
    test::save(folder / "in_tunnel",
               frame(tunnelled(piece(0, 56, 0x2000))) + frame(tunnelled(piece(56, 108, 0))));
    test::save(folder / "teardrop", frame(piece(0, 48, 0x2000)) + frame(piece(24, 32, 0)));
}

/// Each kind of frame under each tokenizer that needs no file, with settings that differ.
void write_token_inputs(fs::path const& folder) {
    fs::create_directories(folder);
    unsigned number = 0;
    for (auto const& known : test::known_frames()) {
        Bytes head{index_of(known.link)};
        auto const tokenizer = number % 6 | number / 4 % 4 << 6U;  // random values, checksums
        for (auto const setting : {tokenizer, number % 15, number % 5, 0U, number * 7 % 256}) {
            head.push_back(static_cast<std::byte>(setting));
        }
        if (number % 4 == 0) {
            test::save(folder / ("frame-" + std::to_string(number)), head + known.bytes());
        }
        ++number;
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    fs::path const corpus = argv[1];
    write_frames(corpus / "packet_decode");
    write_pcaps(corpus / "pcap");
    write_pcapngs(corpus / "pcapng");
    write_checkpoints(corpus / "torch_archive");
    write_token_inputs(corpus / "token");
    write_fragments(corpus / "fragments");
    return 0;
}
