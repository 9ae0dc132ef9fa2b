#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tessera::test {

/// Reads a whole safetensors file of reference values; for tests only, independent of the reader
/// that the programs use. F32, I64 and U8 (the only types the fixtures need), little-endian host.
class SafetensorsFixture {
  public:
    explicit SafetensorsFixture(std::filesystem::path const& path) {
        std::ifstream file(path, std::ios::binary);
        if (!file) throw std::runtime_error("cannot open " + path.string());
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
        std::uint64_t head = 0;
        std::memcpy(&head, bytes_.data(), sizeof head);
        header_ = nlohmann::json::parse(bytes_.substr(8, head));
        data_ = 8 + head;
    }

    bool contains(std::string const& name) const { return header_.contains(name); }

    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (auto const& [name, entry] : header_.items()) {
            if (name != "__metadata__") all.push_back(name);
        }
        return all;
    }

    std::vector<std::int64_t> shape(std::string const& name) const {
        return header_.at(name).at("shape").get<std::vector<std::int64_t>>();
    }

    std::string dtype(std::string const& name) const { return header_.at(name).at("dtype"); }

    std::vector<float> floats(std::string const& name) const { return values<float>(name, "F32"); }

    std::vector<std::int64_t> integers(std::string const& name) const {
        return values<std::int64_t>(name, "I64");
    }

    std::vector<std::byte> bytes(std::string const& name) const {
        return values<std::byte>(name, "U8");
    }

  private:
    template <class T>
    std::vector<T> values(std::string const& name, std::string const& wanted) const {
        if (dtype(name) != wanted) throw std::runtime_error(name + " is not " + wanted);
        auto const range = header_.at(name).at("data_offsets").get<std::vector<std::size_t>>();
        std::vector<T> result((range.at(1) - range.at(0)) / sizeof(T));
        auto const text = bytes_.substr(data_ + range[0], range[1] - range[0]);
        std::memcpy(result.data(), text.data(), text.size());
        return result;
    }

    std::string bytes_;
    nlohmann::json header_;
    std::size_t data_ = 0;
};

}  // namespace tessera::test
