/// A colour of 8 bits per channel.
public struct Color: Sendable, Equatable {
  /// Red, 0…255.
  public var red: UInt8
  /// Green, 0…255.
  public var green: UInt8
  /// Blue, 0…255.
  public var blue: UInt8

  /// A colour from its three channels.
  public init(red: UInt8, green: UInt8, blue: UInt8) {
    (self.red, self.green, self.blue) = (red, green, blue)
  }

  /// Black.
  public static let black = Color(red: 0, green: 0, blue: 0)
  /// White.
  public static let white = Color(red: 255, green: 255, blue: 255)
}

/// A picture in memory: RGB, 8 bits per channel, row by row, the top row first.
public struct Image: Sendable, Equatable {
  /// The width in pixels.
  public let width: Int
  /// The height in pixels.
  public let height: Int
  /// Red, green and blue of each pixel: 3 · width · height numbers.
  public private(set) var pixels: [UInt8]

  /// A picture of one colour.
  ///
  /// - Precondition: the picture has at least one pixel.
  public init(width: Int, height: Int, fill: Color = .black) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    self.width = width
    self.height = height
    pixels = [UInt8](unsafeUninitializedCapacity: 3 * width * height) { buffer, count in
      for pixel in 0..<width * height {
        buffer[3 * pixel] = fill.red
        buffer[3 * pixel + 1] = fill.green
        buffer[3 * pixel + 2] = fill.blue
      }
      count = 3 * width * height
    }
  }

  /// A picture from its pixels: 3 · width · height numbers, the top row first.
  ///
  /// - Precondition: `pixels` has this many numbers.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == 3 * width * height)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// The colour of the pixel in column `x` and row `y`, from the top left.
  public subscript(x: Int, y: Int) -> Color {
    get {
      let start = offset(x, y)
      return Color(red: pixels[start], green: pixels[start + 1], blue: pixels[start + 2])
    }
    set {
      let start = offset(x, y)
      pixels[start] = newValue.red
      pixels[start + 1] = newValue.green
      pixels[start + 2] = newValue.blue
    }
  }

  private func offset(_ x: Int, _ y: Int) -> Int {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "the pixel is outside the picture")
    return 3 * (y * width + x)
  }
}

// MARK: - Drawing

extension Image {
  /// Draws `image` with its top left corner at column `x` and row `y`; what lies outside is cut
  /// off.
  public mutating func draw(_ image: Image, x: Int, y: Int) {
    let columns = Self.clip(x, image.width, to: width)
    if columns.isEmpty { return }
    for row in Self.clip(y, image.height, to: height) {
      let source = 3 * ((row - y) * image.width + columns.lowerBound - x)
      let target = 3 * (row * width + columns.lowerBound)
      pixels.replaceSubrange(
        target..<target + 3 * columns.count,
        with: image.pixels[source..<source + 3 * columns.count])
    }
  }

  /// Fills a rectangle; what lies outside is cut off.
  ///
  /// - Parameter opacity: 1 replaces the old colours, 0 leaves them.
  public mutating func fill(
    x: Int, y: Int, width: Int, height: Int, color: Color, opacity: Double = 1
  ) {
    for row in Self.clip(y, height, to: self.height) {
      for column in Self.clip(x, width, to: self.width) {
        let old = self[column, row]
        self[column, row] = Color(
          red: blend(old.red, color.red, opacity), green: blend(old.green, color.green, opacity),
          blue: blend(old.blue, color.blue, opacity))
      }
    }
  }

  private static func clip(_ start: Int, _ length: Int, to limit: Int) -> Range<Int> {
    let first = min(max(0, start), limit)
    return first..<max(first, min(limit, start + length))
  }

  private func blend(_ old: UInt8, _ new: UInt8, _ opacity: Double) -> UInt8 {
    UInt8((Double(old) + (Double(new) - Double(old)) * opacity).rounded())
  }

  /// Draws a line of text with the built-in font, 6 · `scale` by 8 · `scale` pixels a character,
  /// its top left corner at column `x` and row `y`.
  public mutating func draw(text: String, x: Int, y: Int, scale: Int = 1, color: Color = .white) {
    for (place, character) in text.enumerated() {
      for (column, bits) in Font.columns(of: character).enumerated() {
        for row in 0..<8 where bits >> row & 1 == 1 {
          fill(
            x: x + (place * 6 + column) * scale, y: y + row * scale, width: scale, height: scale,
            color: color)
        }
      }
    }
  }

  /// The picture with a line of text on a dark background in its top left corner.
  public func labelled(_ text: String, scale: Int? = nil) -> Image {
    let scale = scale ?? max(1, width / 320)
    var image = self
    image.fill(
      x: 0, y: 0, width: (6 * text.count + 5) * scale, height: 13 * scale, color: .black,
      opacity: 0.55)
    image.draw(text: text, x: 3 * scale, y: 3 * scale, scale: scale)
    return image
  }
}

// MARK: - Sizes

extension Image {
  /// The picture scaled to a width of `width` pixels, with its proportions kept.
  public func scaled(toWidth width: Int) -> Image {
    let height = max(1, Int((Double(self.height) * Double(width) / Double(self.width)).rounded()))
    return scaled(toWidth: width, height: height)
  }

  /// The picture in another size: each new pixel is the mean of the area that it covers.
  ///
  /// - Precondition: the picture has at least one pixel.
  public func scaled(toWidth width: Int, height: Int) -> Image {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    if width == self.width && height == self.height { return self }
    let columns = Self.shares(of: self.width, in: width)
    let rows = Self.shares(of: self.height, in: height)
    var result = Image(width: width, height: height)
    for (y, row) in rows.enumerated() {
      for (x, column) in columns.enumerated() {
        var sum = SIMD3<Double>()
        for (sourceY, rowShare) in row {
          for (sourceX, columnShare) in column {
            let start = 3 * (sourceY * self.width + sourceX)
            let color = SIMD3(
              Double(pixels[start]), Double(pixels[start + 1]), Double(pixels[start + 2]))
            sum += color * (rowShare * columnShare)
          }
        }
        let start = 3 * (y * width + x)
        for channel in 0..<3 { result.pixels[start + channel] = UInt8(sum[channel].rounded()) }
      }
    }
    return result
  }

  /// Divides `length` pixels into `count` equal parts; for each part, the pixels that it covers and
  /// the share of the part that each of them fills.
  private static func shares(of length: Int, in count: Int) -> [[(index: Int, share: Double)]] {
    let part = Double(length) / Double(count)
    return (0..<count).map { index in
      let (start, end) = (Double(index) * part, Double(index + 1) * part)
      let last = min(length - 1, max(Int(start), Int(end.rounded(.up)) - 1))
      return (Int(start)...last).map { pixel in
        (pixel, (min(end, Double(pixel + 1)) - max(start, Double(pixel))) / part)
      }
    }
  }

  /// Pictures side by side in rows of `columns`, `spacing` pixels apart and from the edge. Each
  /// cell has the size of the first picture; the others are scaled to it.
  ///
  /// - Precondition: there is at least one picture and one column.
  public static func contactSheet(
    _ images: [Image], columns: Int, spacing: Int = 4,
    background: Color = Color(red: 24, green: 26, blue: 30)
  ) -> Image {
    precondition(!images.isEmpty && columns > 0, "a contact sheet has at least one picture")
    let (width, height) = (images[0].width, images[0].height)
    let columns = min(columns, images.count)
    let rows = (images.count + columns - 1) / columns
    var sheet = Image(
      width: columns * (width + spacing) + spacing, height: rows * (height + spacing) + spacing,
      fill: background)
    for (index, image) in images.enumerated() {
      sheet.draw(
        image.scaled(toWidth: width, height: height),
        x: spacing + index % columns * (width + spacing),
        y: spacing + index / columns * (height + spacing))
    }
    return sheet
  }
}
