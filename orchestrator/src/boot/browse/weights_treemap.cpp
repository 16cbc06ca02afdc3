// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/render/escape.hpp"
#include "base/text.hpp"
#include "browse/weights.hpp"

namespace browse {
namespace {

struct Box {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

constexpr double kWidth = 1200;
constexpr double kHeight = 720;
constexpr double kHead = 16;    // of a folder's box, for its name
constexpr double kLeast = 3.5;  // a box with a shorter side is not drawn: nobody sees it

std::string escaped(std::string_view text) { return render::xml(base::printable(text, 300)); }

std::string_view colour_of(std::string_view area) {
  constexpr std::pair<std::string_view, std::string_view> kColours[] = {
      {"kernel modules", "#8ab6d6"}, {"firmware", "#c9a7d8"},
      {"libraries", "#a8d5a2"},      {"programs", "#f2c18d"},
      {"systemd", "#e8a0a0"},        {"udev", "#d8d38a"},
      {"dracut", "#9fd6d2"},         {"sshd", "#ff8f6b"},
      {"configuration", "#c8c8c8"},  {"microcode and tables", "#b7a58c"}};
  for (const auto& [name, colour] : kColours) {
    if (name == area) return colour;
  }
  return "#dddddd";
}

class Drawing {
 public:
  void folder(const Weight& weight, const std::string& path, const Box& box, unsigned depth) {
    if (box.width < kLeast || box.height < kLeast) return;
    const auto label = fmt::format("/{}: {} in {} files", path, base::human_size(weight.bytes), weight.files);
    const bool leaf = weight.below.empty();
    out_ +=
        fmt::format(R"(<g><title>{}</title><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>)",
                    escaped(label), box.x, box.y, box.width, box.height, leaf ? colour_of(area_of(path)) : "#ffffff");
    const auto name = weight.name.empty() ? std::string("/") : weight.name;
    if (box.height > kHead && box.width > 30) {
      const auto room = static_cast<std::size_t>(box.width / 6.6);
      if (name.size() <= room || room > 6)
        out_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}">{}</text>)", box.x + 3, box.y + 12,
                            escaped(base::printable(name, room)));
    }
    out_ += "</g>\n";
    if (leaf || depth > 40) return;
    const double head = box.height > 3 * kHead ? kHead : 2;
    split(weight.below, 0, path, {box.x + 2, box.y + head, box.width - 4, box.height - head - 2},
          static_cast<double>(weight.bytes), depth + 1);
  }
  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  /// How far from a square the worst of a row is.
  static double worst(double least, double most, double sum, double side) {
    return std::max(side * side * most / (sum * sum), sum * sum / (side * side * least));
  }

  void split(const std::vector<Weight>& all, std::size_t first, const std::string& path, Box box, double bytes,
             unsigned depth) {
    while (first < all.size() && bytes > 0 && box.width > kLeast && box.height > kLeast) {
      const double scale = box.width * box.height / bytes;
      const double side = std::min(box.width, box.height);
      std::size_t end = first;
      double sum = 0;
      double best = 0;
      const double most = static_cast<double>(all[first].bytes) * scale;
      while (end < all.size() && all[end].bytes > 0) {
        const double area = static_cast<double>(all[end].bytes) * scale;
        const double now = worst(area, most, sum + area, side);
        if (end > first && now > best) break;
        best = now;
        sum += area;
        ++end;
      }
      if (end == first) return;
      bytes -= row(all, first, end, path, box, sum / side, scale, depth);
      first = end;
    }
  }

  /// Draws all[first, end) along the shorter side, and takes their stripe from the box; returns their bytes.
  double row(const std::vector<Weight>& all, std::size_t first, std::size_t end, const std::string& path, Box& box,
             double thick, double scale, unsigned depth) {
    const bool upright = box.width >= box.height;
    double along = upright ? box.y : box.x;
    double bytes = 0;
    for (std::size_t index = first; index < end; ++index) {
      const double weight = static_cast<double>(all[index].bytes);
      const double length = weight * scale / thick;
      const auto below = path.empty() ? all[index].name : path + "/" + all[index].name;
      folder(all[index], below, upright ? Box{box.x, along, thick, length} : Box{along, box.y, length, thick}, depth);
      along += length;
      bytes += weight;
    }
    if (upright) {
      box.x += thick;
      box.width -= thick;
    } else {
      box.y += thick;
      box.height -= thick;
    }
    return bytes;
  }

  std::string out_;
};

}  // namespace

std::string tree_page(const Weight& root, std::string_view title) {
  Drawing drawing;
  drawing.folder(root, "", {0, 0, kWidth, kHeight}, 0);
  std::string legend;
  for (const auto* area : {"kernel modules", "firmware", "libraries", "programs", "systemd", "udev", "dracut", "sshd",
                           "configuration", "microcode and tables", "other"})
    legend += fmt::format("<span style=\"background:{}\">{}</span>\n", colour_of(area), area);
  return fmt::format(R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{0}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #222; background: #fff }}
svg {{ width: 100%; height: auto; border: 1px solid #999 }}
rect {{ stroke: #555; stroke-width: .5 }}
text {{ font: 11px system-ui, sans-serif; fill: #111; pointer-events: none }}
p span {{ padding: .1rem .5rem; margin-right: .3rem; border: 1px solid #999; white-space: nowrap; line-height: 2 }}
</style></head><body>
<h1>{0}</h1>
<p>{1} unpacked, in {2} files. Areas are sizes; point at one for its path.</p>
<p>
{3}</p>
<svg viewBox="0 0 {4} {5}" role="img" aria-label="Treemap of the image">
{6}</svg>
</body></html>
)",
                     escaped(title), base::human_size(root.bytes), root.files, legend, kWidth, kHeight, drawing.text());
}

}  // namespace browse
