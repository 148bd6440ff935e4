//! What can be known of a template without a context: names it reads, filters and functions it uses.

use std::collections::HashSet;

use minijinja::machinery::{ast, Token, Tokenizer};

use crate::template::engine::{failure, syntax, tree, Failure, Mode};
use crate::template::names;

/// The values are those of template_ffi.h.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ProblemKind {
    Message = 0,
    UnknownFilter = 1,
    UnknownTest = 2,
    UnknownFunction = 3,
}

pub enum Finding {
    Reference {
        offset: usize,
        path: Vec<String>,
    },
    Problem {
        kind: ProblemKind,
        offset: usize,
        text: String,
    },
    Raw {
        offset: usize,
    },
}

struct Walker<'a, 'r> {
    scopes: Vec<HashSet<&'a str>>,
    report: &'r mut dyn FnMut(Finding),
}

fn literal<'e>(expr: &'e ast::Expr<'_>) -> Option<&'e str> {
    match expr {
        ast::Expr::Const(constant) => constant.value.as_str(),
        _ => None,
    }
}

impl<'a> Walker<'a, '_> {
    fn local(&self, name: &str) -> bool {
        self.scopes.iter().any(|scope| scope.contains(name))
    }

    fn assign(&mut self, target: &ast::Expr<'a>) {
        match target {
            ast::Expr::Var(var) => {
                if let Some(scope) = self.scopes.last_mut() {
                    scope.insert(var.id);
                }
            }
            ast::Expr::List(list) => list.items.iter().for_each(|item| self.assign(item)),
            ast::Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.assign(item)),
            _ => {}
        }
    }

    fn scoped(&mut self, body: &[ast::Stmt<'a>]) {
        self.scopes.push(HashSet::new());
        body.iter().for_each(|stmt| self.statement(stmt));
        self.scopes.pop();
    }

    fn problem(&mut self, kind: ProblemKind, offset: u32, text: impl Into<String>) {
        (self.report)(Finding::Problem {
            kind,
            offset: offset as usize,
            text: text.into(),
        });
    }

    fn reference(&mut self, offset: u32, path: Vec<String>) {
        (self.report)(Finding::Reference {
            offset: offset as usize,
            path,
        });
    }

    /// The literal front of `a.b['c'][n].d`: its path and where it starts; nothing for a local
    /// name or something that is not a path. Subscripts are walked for what they read themselves.
    fn path(&mut self, expr: &ast::Expr<'a>) -> Option<(u32, Vec<String>, bool)> {
        match expr {
            ast::Expr::Var(var) if !self.local(var.id) => {
                Some((var.span().start_offset, vec![var.id.to_string()], true))
            }
            ast::Expr::GetAttr(attr) => {
                let (offset, mut path, open) = self.path(&attr.expr)?;
                if open {
                    path.push(attr.name.to_string());
                }
                Some((offset, path, open))
            }
            ast::Expr::GetItem(item) => {
                let (offset, mut path, open) = self.path(&item.expr)?;
                match literal(&item.subscript_expr) {
                    Some(name) if open => {
                        path.push(name.to_string());
                        Some((offset, path, true))
                    }
                    _ => Some((offset, path, false)),
                }
            }
            _ => None,
        }
    }

    /// What a chain of attributes and items reads besides its path: subscripts, and its root where
    /// that is no name.
    fn inside(&mut self, expr: &ast::Expr<'a>) {
        match expr {
            ast::Expr::Var(_) => {}
            ast::Expr::GetAttr(attr) => self.inside(&attr.expr),
            ast::Expr::GetItem(item) => {
                self.inside(&item.expr);
                self.expression(&item.subscript_expr);
            }
            other => self.expression(other),
        }
    }

    fn arguments(&mut self, args: &[ast::CallArg<'a>]) {
        for arg in args {
            match arg {
                ast::CallArg::Pos(expr)
                | ast::CallArg::Kwarg(_, expr)
                | ast::CallArg::PosSplat(expr)
                | ast::CallArg::KwargSplat(expr) => self.expression(expr),
            }
        }
    }

    fn named_lookup(&mut self, name: &str, offset: u32, args: &[ast::CallArg<'a>]) {
        if let [ast::CallArg::Pos(arg)] = args {
            if let Some(key) = literal(arg) {
                self.reference(offset, vec![name.to_string(), key.to_string()]);
                return;
            }
            // Only the flow can tell whether that input is a name of a secret.
            if name == "secret" {
                if let Some((at, path, true)) = self.path(arg) {
                    if path.len() == 2 && path[0] == "inputs" {
                        let mut named = vec![name.to_string()];
                        named.extend(path.iter().cloned());
                        self.reference(offset, named);
                        self.reference(at, path);
                        return;
                    }
                }
            }
        }
        // A name out of data would let data choose which secret is shown to it.
        self.reference(offset, vec![name.to_string()]);
        let or_input = if name == "secret" {
            ", or an input of the type secret: secret(inputs.ID)"
        } else {
            ""
        };
        let message = format!("{name}() takes one literal name: {name}('NAME'){or_input}");
        self.problem(ProblemKind::Message, offset, message);
        self.arguments(args);
    }

    fn call(&mut self, call: &ast::Call<'a>, offset: u32) {
        match &call.expr {
            ast::Expr::Var(var) => match var.id {
                "secret" | "env" => self.named_lookup(var.id, offset, &call.args),
                // Known only where a flow says so; its argument may be any text.
                "files" => {
                    self.reference(offset, vec!["files".to_string()]);
                    self.arguments(&call.args);
                }
                name => {
                    if !names::FUNCTIONS.contains(&name) {
                        self.problem(ProblemKind::UnknownFunction, offset, name);
                    }
                    self.arguments(&call.args);
                }
            },
            ast::Expr::GetAttr(attr) => {
                let message = format!(
                    "values have no methods such as '.{0}()'; use a filter: {{{{ value | {0} }}}}",
                    attr.name
                );
                self.problem(ProblemKind::Message, offset, message);
                self.expression(&attr.expr);
                self.arguments(&call.args);
            }
            other => {
                self.problem(
                    ProblemKind::Message,
                    offset,
                    "only a function's name can be called",
                );
                self.expression(other);
                self.arguments(&call.args);
            }
        }
    }

    fn optional(&mut self, expr: &Option<ast::Expr<'a>>) {
        if let Some(expr) = expr {
            self.expression(expr);
        }
    }

    fn filter(&mut self, filter: &ast::Filter<'a>, offset: u32) {
        self.optional(&filter.expr);
        if filter.name == "raw" {
            (self.report)(Finding::Raw {
                offset: offset as usize,
            });
        }
        if !names::FILTERS.contains(&filter.name) {
            self.problem(ProblemKind::UnknownFilter, offset, filter.name);
        }
        self.arguments(&filter.args);
    }

    fn test(&mut self, test: &ast::Test<'a>, offset: u32) {
        self.expression(&test.expr);
        if !names::TESTS.contains(&test.name) {
            self.problem(ProblemKind::UnknownTest, offset, test.name);
        }
        self.arguments(&test.args);
    }

    fn expression(&mut self, expr: &ast::Expr<'a>) {
        let offset = expr.span().start_offset;
        match expr {
            ast::Expr::Var(_) | ast::Expr::GetAttr(_) | ast::Expr::GetItem(_) => {
                if let Some((at, path, _)) = self.path(expr) {
                    self.reference(at, path);
                }
                self.inside(expr);
            }
            ast::Expr::Const(_) => {}
            ast::Expr::UnaryOp(op) => self.expression(&op.expr),
            ast::Expr::BinOp(op) => {
                self.expression(&op.left);
                self.expression(&op.right);
            }
            ast::Expr::Compare(compare) => {
                self.expression(&compare.expr);
                compare.ops.iter().for_each(|op| self.expression(&op.expr));
            }
            ast::Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr);
                self.expression(&choice.true_expr);
                self.optional(&choice.false_expr);
            }
            ast::Expr::Filter(filter) => self.filter(filter, offset),
            ast::Expr::Test(test) => self.test(test, offset),
            ast::Expr::Slice(slice) => {
                self.expression(&slice.expr);
                self.optional(&slice.start);
                self.optional(&slice.stop);
                self.optional(&slice.step);
            }
            ast::Expr::Call(call) => self.call(call, offset),
            ast::Expr::List(list) => list.items.iter().for_each(|item| self.expression(item)),
            ast::Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item)),
            ast::Expr::Map(map) => {
                map.keys.iter().for_each(|key| self.expression(key));
                map.values.iter().for_each(|value| self.expression(value));
            }
        }
    }

    fn for_loop(&mut self, stmt: &ast::ForLoop<'a>) {
        self.expression(&stmt.iter);
        self.scopes.push(HashSet::from(["loop"]));
        self.assign(&stmt.target);
        self.optional(&stmt.filter_expr);
        self.scoped(&stmt.body);
        self.scopes.pop();
        self.scoped(&stmt.else_body);
    }

    fn statement(&mut self, stmt: &ast::Stmt<'a>) {
        match stmt {
            ast::Stmt::Template(template) => {
                template.children.iter().for_each(|s| self.statement(s));
            }
            ast::Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            ast::Stmt::EmitRaw(_) => {}
            ast::Stmt::ForLoop(stmt) => self.for_loop(stmt),
            ast::Stmt::IfCond(stmt) => {
                self.expression(&stmt.expr);
                self.scoped(&stmt.true_body);
                self.scoped(&stmt.false_body);
            }
            ast::Stmt::WithBlock(stmt) => {
                self.scopes.push(HashSet::new());
                for (target, expr) in &stmt.assignments {
                    self.expression(expr);
                    self.assign(target);
                }
                self.scoped(&stmt.body);
                self.scopes.pop();
            }
            ast::Stmt::Set(stmt) => {
                self.expression(&stmt.expr);
                self.assign(&stmt.target);
            }
            ast::Stmt::SetBlock(stmt) => {
                self.optional(&stmt.filter);
                self.scoped(&stmt.body);
                self.assign(&stmt.target);
            }
            ast::Stmt::AutoEscape(stmt) => self.scoped(&stmt.body),
            ast::Stmt::FilterBlock(stmt) => {
                self.expression(&stmt.filter);
                self.scoped(&stmt.body);
            }
            ast::Stmt::Do(stmt) => self.call(&stmt.call, stmt.span().start_offset),
        }
    }
}

pub fn analyze(text: &str, report: &mut dyn FnMut(Finding)) {
    match tree(text) {
        Ok(stmt) => {
            let mut walker = Walker {
                scopes: vec![HashSet::new()],
                report,
            };
            walker.statement(&stmt);
        }
        Err(error) => {
            let failure = failure(&error, text, None, Mode::Text);
            report(Finding::Problem {
                kind: ProblemKind::Message,
                offset: failure.offset,
                text: failure.message,
            });
        }
    }
}

pub fn walk_expression<'a>(expr: &ast::Expr<'a>, report: &mut dyn FnMut(Finding)) {
    let mut walker = Walker {
        scopes: vec![HashSet::new()],
        report,
    };
    walker.expression(expr);
}

pub struct Found {
    /// Bytes from "{{" to behind "}}".
    pub size: usize,
    /// Whether `raw` is the last filter.
    pub is_raw: bool,
}

/// The end of the "{{ … }}" that `text` begins with: quotes and brackets in it are understood.
fn expression_end(text: &str) -> Result<usize, Failure> {
    let mut tokens = Tokenizer::new(text, "template", false, syntax());
    loop {
        match tokens.next_token() {
            Ok(Some((Token::VariableEnd, span))) => return Ok(span.end_offset as usize),
            Ok(Some(_)) => {}
            Ok(None) => return Err(Failure::new("'{{' has no '}}'".to_string(), 0)),
            Err(error) => return Err(failure(&error, text, None, Mode::Text)),
        }
    }
}

pub fn expression(text: &str) -> Result<Found, Failure> {
    let size = expression_end(text)?;
    let slice = text.get(..size).unwrap_or(text);
    let stmt = tree(slice).map_err(|error| failure(&error, slice, None, Mode::Text))?;
    let mut is_raw = false;
    if let ast::Stmt::Template(template) = &stmt {
        if let Some(ast::Stmt::EmitExpr(emit)) = template.children.first() {
            is_raw = matches!(&emit.expr, ast::Expr::Filter(filter) if filter.name == "raw");
        }
    }
    Ok(Found { size, is_raw })
}
