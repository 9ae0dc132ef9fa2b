#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/evaluate/paired_test.hpp>

namespace tessera::evaluate {

namespace {

struct Row {
    std::string capture;
    std::uint64_t flow = 0;
    std::string label;
    std::string prediction;
};

/// Records of RFC 4180: line ends inside quotes belong to the field.
class CsvReader {
  public:
    explicit CsvReader(std::filesystem::path const& file)
        : text_(base::read_text(file)), shown_(base::printable(file.string())) {}

    /// The fields of the next record; none at the end.
    std::vector<std::string> next() {
        std::vector<std::string> fields;
        if (at_ >= text_.size()) return fields;
        ++record_;
        fields.emplace_back();
        for (bool quoted = false; at_ < text_.size(); ++at_) {
            auto const c = text_[at_];
            if (c == '"') {
                auto const doubled = quoted && at_ + 1 < text_.size() && text_[at_ + 1] == '"';
                if (doubled) fields.back() += text_[at_++];
                if (!doubled) quoted = !quoted;
            } else if (!quoted && c == ',') {
                fields.emplace_back();
            } else if (!quoted && c == '\n') {
                ++at_;
                break;
            } else {
                fields.back() += c;
            }
        }
        return fields;
    }

    [[noreturn]] void fail(char const* what) const {
        base::fail(base::ExitCode::bad_input,
                   "{}, record {}: {}; expected what `tessera evaluate` writes", shown_, record_,
                   what);
    }

  private:
    std::string text_;
    std::string shown_;
    std::size_t at_ = 0;
    std::size_t record_ = 0;
};

std::vector<Row> rows_of(std::filesystem::path const& file) {
    CsvReader reader(file);
    auto const head = reader.next();
    std::vector<std::string> const expected{"capture", "flow", "label", "prediction",
                                            "probability"};
    if (head != expected) reader.fail("another head line");
    std::vector<Row> rows;
    for (auto fields = reader.next(); !fields.empty(); fields = reader.next()) {
        if (fields.size() != expected.size()) reader.fail("another number of fields");
        Row row{fields[0], 0, fields[2], fields[3]};
        auto const* end = fields[1].data() + fields[1].size();
        auto const parsed = std::from_chars(fields[1].data(), end, row.flow);
        if (parsed.ec != std::errc() || parsed.ptr != end) reader.fail("flow is no number");
        rows.push_back(std::move(row));
    }
    return rows;
}

/// Sorted names and the place of each.
std::map<std::string, std::size_t> numbered(std::set<std::string> const& names) {
    std::map<std::string, std::size_t> places;
    for (auto const& name : names) places.emplace(name, places.size());
    return places;
}

}  // namespace

baseline::Predictions read_predictions_csv(std::filesystem::path const& file) {
    auto const rows = rows_of(file);
    std::set<std::string> classes;
    std::set<std::string> captures;
    for (auto const& row : rows) {
        classes.insert({row.label, row.prediction});
        captures.insert(row.capture);
    }
    auto const class_at = numbered(classes);
    auto const capture_at = numbered(captures);
    baseline::Predictions all;
    all.classes.assign(classes.begin(), classes.end());
    all.captures.assign(captures.begin(), captures.end());
    for (auto const& row : rows) {
        std::vector<float> certain(classes.size(), 0.0F);
        certain[class_at.at(row.prediction)] = 1;
        all.add(static_cast<std::uint32_t>(capture_at.at(row.capture)), row.flow,
                static_cast<std::int32_t>(class_at.at(row.label)), certain);
    }
    return all;
}

}  // namespace tessera::evaluate
