import CXML

/// Reads XML with the same library as MuJoCo, so that both find the same elements. Comments, text,
/// declarations and document types are ignored, as they are by MuJoCo.
package enum XMLReader {
  /// An error in a document, with its line.
  package struct Problem: Error {
    /// The line, counted from 1; 0 where it is not known.
    package var line: Int
    /// What is wrong and what to do.
    package var message: String
  }

  /// The document's root element with all its descendants, each with `source` and its line.
  package static func read(_ bytes: [UInt8], source: String) throws(Problem) -> XMLElement {
    let tree = Tree(source: source)
    var visitor = cxml_visitor(
      context: Unmanaged.passUnretained(tree).toOpaque(),
      begin: { context, name, line in
        Tree.from(context).begin(String(cString: name!), line: Int(line))
      },
      attribute: { context, name, value in
        Tree.from(context).add(.init(name: String(cString: name!), value: String(cString: value!)))
      },
      end: { context in Tree.from(context).end() })
    var line: Int32 = 0
    let problem = withExtendedLifetime(tree) {
      bytes.withUnsafeBytes { buffer in
        cxml_read(
          buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count, &visitor, &line)
      }
    }
    guard problem == CXML_OK, let root = tree.root else {
      throw Problem(line: Int(line), message: message(of: problem))
    }
    return root
  }

  private static func message(of problem: cxml_problem) -> String {
    switch problem {
    case CXML_EMPTY: "the file has no element: expected <mujoco>"
    case CXML_ATTRIBUTE: "an attribute is not of the form name=\"value\", or appears twice"
    case CXML_MISMATCH:
      "an end tag without its start tag, or a start tag without its end tag: check the tags"
    case CXML_DEPTH: "elements are nested too deeply"
    case CXML_ELEMENT: "an element is incomplete: check its brackets"
    case CXML_COMMENT: "a comment is not closed with -->"
    case CXML_TEXT: "text outside the root element, or text without an end: remove it"
    case CXML_DECLARATION: "a declaration, <! or <?, is not closed or is in the wrong place"
    default: "not XML"
    }
  }

  /// Builds the tree of elements from the reader's callbacks: keeps the elements that are still
  /// open, and in the end the root.
  private final class Tree {
    private let source: String
    private var open: [XMLElement] = []
    private(set) var root: XMLElement?

    init(source: String) { self.source = source }

    static func from(_ context: UnsafeMutableRawPointer?) -> Tree {
      Unmanaged<Tree>.fromOpaque(context!).takeUnretainedValue()
    }

    func begin(_ name: String, line: Int) {
      var element = XMLElement(name)
      element.place = .init(source: source, line: line)
      open.append(element)
    }

    func add(_ attribute: XMLElement.Attribute) {
      open[open.count - 1].attributes.append(attribute)
    }

    func end() {
      let element = open.removeLast()
      if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }
  }
}
