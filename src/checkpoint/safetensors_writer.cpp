#include "element_types.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/checkpoint/safetensors.hpp>

namespace tessera::checkpoint {

namespace {

constexpr std::size_t alignment = 8;  // of the data section, as the format advises

nlohmann::ordered_json describe(NamedTensor const& item, std::size_t begin) {
    auto const name = type_name(item.tensor.scalar_type());
    base::validate(name.has_value(), base::ExitCode::failed,
                   "cannot store tensor '{}': no name for element type {}", item.name,
                   c10::toString(item.tensor.scalar_type()));
    return {{"dtype", *name},
            {"shape", item.tensor.sizes().vec()},
            {"data_offsets", {begin, begin + item.tensor.nbytes()}}};
}

std::string header_text(std::span<NamedTensor const> tensors, Metadata const& metadata) {
    auto header = nlohmann::ordered_json::object();
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::size_t begin = 0;
    for (auto const& item : tensors) {
        base::validate(!header.contains(item.name), base::ExitCode::failed,
                       "cannot store two tensors named '{}'", item.name);
        header[item.name] = describe(item, begin);
        begin += item.tensor.nbytes();
    }
    auto text = header.dump();
    text.resize((text.size() + alignment - 1) / alignment * alignment, ' ');
    return text;
}

std::array<std::byte, 8> little_endian(std::uint64_t value) {
    std::array<std::byte, 8> bytes{};
    for (auto& byte : bytes) {
        byte = static_cast<std::byte>(value & 0xffU);
        value >>= 8U;
    }
    return bytes;
}

/// Writes and sums up in one pass.
class SummedFile {
  public:
    SummedFile(base::FileSystem& files, std::filesystem::path const& path)
        : file_(files.create(path)) {}

    void write(base::ByteSpan bytes) {
        file_->write(bytes);
        sum_.add(bytes);
    }

    std::string finish() {
        file_->sync();
        file_->close();
        return sum_.hex();
    }

  private:
    std::unique_ptr<base::OutputFile> file_;
    base::Checksum sum_;
};

}  // namespace

std::string write_safetensors(base::FileSystem& files, std::filesystem::path const& path,
                              std::span<NamedTensor const> tensors, Metadata const& metadata) {
    auto const header = header_text(tensors, metadata);
    SummedFile file(files, path);
    file.write(little_endian(header.size()));
    file.write(std::as_bytes(std::span(header)));
    for (auto const& item : tensors) {
        auto const flat = item.tensor.detach().cpu().contiguous();
        file.write({static_cast<std::byte const*>(flat.const_data_ptr()), flat.nbytes()});
    }
    return file.finish();
}

}  // namespace tessera::checkpoint
