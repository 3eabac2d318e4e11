'use strict';
// Everything here only adds to a page that can be read without it: search, the choice of environment, copying.
(() => {
  const root = document.documentElement;
  root.classList.add('js');

  const byId = id => document.getElementById(id);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  document.addEventListener('DOMContentLoaded', () => {
    startEnvironments();
    startCopying();
    startContents();
    const search = startSearch();
    startTargets(search);
    startPrinting();
  });

  function startEnvironments() {
    const choices = all('input[name="environment"]');
    if (choices.length === 0) return;
    const show = name => {
      root.dataset.environment = name;
      for (const element of all('[data-env]')) element.hidden = !element.dataset.env.split(' ').includes(name);
    };
    for (const choice of choices) choice.addEventListener('change', () => show(choice.value));
    show((choices.find(c => c.checked) ?? choices[0]).value);
  }

  function startCopying() {
    document.addEventListener('click', async event => {
      const button = event.target.closest('button.copy');
      if (!button) return;
      const copied = await copy(button.closest('figure').querySelector('code').textContent);
      button.textContent = copied ? 'Copied' : 'Select by hand';
      byId('page--count').textContent = copied ? 'Copied' : 'The browser did not allow copying';
      clearTimeout(button.back);
      button.back = setTimeout(() => { button.textContent = 'Copy'; }, 1600);
    });
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyBySelection(text);
    }
  }

  // For browsers that give a page opened from a file no clipboard.
  function copyBySelection(text) {
    const area = document.createElement('textarea');
    area.value = text;
    area.className = 'offscreen';
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const copied = document.execCommand('copy');
    area.remove();
    focused?.focus();
    return copied;
  }

  function startContents() {
    const details = document.querySelector('nav.contents details');
    const wide = matchMedia('(min-width: 60rem)');
    const fit = () => { details.open = wide.matches; };
    wide.addEventListener('change', fit);
    fit();
    details.addEventListener('click', event => {
      if (event.target.closest('a') && !wide.matches) details.open = false;
    });
  }

  // A pasted error text holds words that no guide knows (addresses, ids): those are left out, rare words weigh more.
  function startSearch() {
    const field = byId('page--search');
    const articles = all('article').map(indexed);
    const show = () => showFound(articles, field.value);
    field.addEventListener('input', () => {
      show();
      scrollTo({ top: 0 });
    });
    field.form.addEventListener('submit', event => {
      event.preventDefault();
      const first = document.querySelector('#page--results a');
      if (first) first.click();
    });
    document.addEventListener('keydown', event => {
      if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest('input, textarea, select')) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    });
    const clear = () => {
      field.value = '';
      show();
    };
    show();
    return { clear };
  }

  function indexed(element) {
    const text = selector => all(selector, element).map(e => e.textContent).join(' ').toLowerCase();
    const title = element.querySelector('h3').firstChild.textContent.trim();
    return {
      element,
      title,
      summary: element.querySelector('.summary').textContent,
      layer: element.closest('section').querySelector('h2').textContent,
      link: document.querySelector(`nav.contents a[href="#${element.id}"]`).closest('li'),
      fields: [
        [8, `${title} ${element.id} ${element.id.replaceAll('-', ' ')} ${element.dataset.keywords}`.toLowerCase()],
        [4, text('.signatures ul:not(.none) code')],
        [3, text('.summary')],
        [1, text('.guide, .cause, .fixes')],
      ],
    };
  }

  function showFound(articles, query) {
    const words = wordsOf(query, articles);
    const scored = articles.map(article => ({ article, ...score(article, words) }));
    const most = Math.max(0, ...scored.map(s => s.words));
    const found = words.length === 0 ? [] : scored.filter(s => s.words === most && most > 0).sort((a, b) => b.score - a.score);
    const asked = query.trim() !== '';
    const kept = new Set(found.map(f => f.article));
    for (const article of articles) {
      article.element.hidden = asked && !kept.has(article);
      article.link.hidden = article.element.hidden;
    }
    for (const layer of all('section.layer, nav.contents ul ul')) {
      const hidden = !layer.querySelector('article:not([hidden]), li:not([hidden])');
      (layer.closest('section.layer') ?? layer.parentElement).hidden = hidden;
    }
    byId('page--found').hidden = found.length === 0;
    byId('page--none').hidden = !asked || found.length > 0;
    byId('page--results').replaceChildren(...found.slice(0, 8).map(f => result(f.article)));
    byId('page--count').textContent = asked ? `${found.length} of ${articles.length} errors` : `${articles.length} errors`;
  }

  function wordsOf(query, articles) {
    const known = word => articles.filter(a => a.fields.some(([, text]) => text.includes(word))).length;
    const rough = query.toLowerCase().split(/[\s"'`()[\]{}<>,;]+/).map(w => w.replace(/^[.:]+|[.:]+$/g, '')).filter(Boolean);
    const words = new Map();
    for (const word of rough.flatMap(w => (known(w) > 0 ? [w] : w.split(/[:/=@.]+/).filter(part => part.length > 2))).slice(0, 64)) {
      const count = known(word);
      if (count > 0) words.set(word, Math.log(1 + articles.length / count));
    }
    return [...words];
  }

  function score(article, words) {
    const result = { score: 0, words: 0 };
    for (const [word, rarity] of words) {
      const weight = article.fields.reduce((sum, [size, text]) => sum + (text.includes(word) ? size : 0), 0);
      if (weight > 0) result.words++;
      result.score += weight * rarity;
    }
    return result;
  }

  function result(article) {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `#${article.element.id}`;
    link.textContent = article.title;
    const layer = document.createElement('span');
    layer.className = 'badge';
    layer.textContent = article.layer;
    const summary = document.createElement('p');
    summary.textContent = article.summary;
    item.append(link, ' ', layer, summary);
    return item;
  }

  // A link may lead to something that the search hides or a details element holds closed.
  function startTargets(search) {
    const reveal = () => {
      const target = location.hash.length > 1 ? byId(decodeURIComponent(location.hash.slice(1))) : null;
      if (!target) return;
      if (target.closest('article[hidden], section[hidden]')) search.clear();
      const details = target.closest('details');
      if (details) details.open = true;
      target.scrollIntoView();
    };
    addEventListener('hashchange', reveal);
    reveal();
  }

  function startPrinting() {
    let closed = [];
    addEventListener('beforeprint', () => {
      closed = all('.cause:not([open])');
      for (const details of closed) details.open = true;
    });
    addEventListener('afterprint', () => {
      for (const details of closed) details.open = false;
    });
  }
})();
